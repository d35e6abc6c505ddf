"""The section `field`: the synthetic field that `snakemake field` paints."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.config.settings import Settings, UserPath

STRENGTH = 0.05
"""Of a mark over the noise of the sky, by default."""


class Mark(Settings):
    """A pattern in the noise by which whoever has the key finds that a field is synthetic, in cutouts too."""

    key: UserPath = Field(
        description="File that holds the key, outside results and repositories, or env:NAME for an environment "
        "variable. Under another key in the same place, delete field.h5: Snakemake is not told what the key is.",
    )
    strength: float = Field(
        STRENGTH,
        gt=0,
        le=0.5,
        description="Standard deviation over that of the sky. 0.05 adds an eighth of a percent to the noise, and is "
        "found in 256 x 256 px of white noise.",
    )


class SyntheticField(Settings):
    """Which part of which endless field is painted, and in how many jobs."""

    size: list[Annotated[int, Field(ge=1)]] = Field(
        [4096, 4096], min_length=2, max_length=2, description="Height and width in px."
    )
    seed: int = Field(7, ge=0, description="Of the field; its pixels follow from it, the model and their place.")
    tile: int = Field(
        512,
        ge=32,
        multiple_of=16,
        description="Width in px of what is painted at a time; memory grows with it. Fields of other tiles differ in "
        "the last digits alone.",
    )
    jobs: int = Field(
        1,
        ge=1,
        description="Jobs that share the rows of tiles. With more than one, field.h5 refers to their files in rows/, "
        "which must stay beside it.",
    )

    mark: Mark | None = Field(
        None, description="A keyed mark in the noise, {key: ~/keys/mark.key}; `clearfield is-synthetic` finds it."
    )

    @model_validator(mode="after")
    def _jobs_have_rows(self) -> SyntheticField:
        rows = -(-self.size[0] // self.tile)
        if self.jobs > rows:
            raise ValueError(f"jobs: {self.jobs}, and the field has {rows} rows of tiles; take at most as many")
        return self
