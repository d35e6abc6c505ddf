"""The section `audit`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.config.settings import OnceEach, Positive, Settings


class Audit(Settings):
    """What `snakemake audit` does: whether methods contradict their data, and whether they invent."""

    methods: Annotated[list[str], OnceEach] | None = Field(
        None, min_length=1, description="Methods that are audited, such as [wiener, nafnet_sharp]; by default all."
    )
    items: int = Field(4, ge=1, description="Held-out items of the first fold that every method restores again.")
    fields: int = Field(
        200, ge=20, description="Empty fields on which sources are looked for: 200 tell a rate of 3% from none."
    )
    field_size: int = Field(64, ge=32, description="Width in px of an empty field.")
    snr: Annotated[list[Positive], OnceEach] = Field(
        [3.0, 5.0, 10.0, 30.0],
        min_length=1,
        description="Signal-to-noise, in the observation, of the sources that are put into held-out scenes.",
    )
    psf_errors: Annotated[list[Annotated[float, Field(gt=0, lt=0.5)]], OnceEach] = Field(
        [0.05, 0.1, 0.2], description="Shares by which the width of the PSF is told too narrow and too wide."
    )
    noise_error: float = Field(2.0, gt=1, le=10, description="Factor by which the noise is told too low and too high.")
    fields_with_mistakes: int = Field(
        25, ge=0, description="Empty fields that are restored under each of these mistakes."
    )
    contradicted: float = Field(
        0.01,
        ge=0,
        lt=1,
        description="Share of the cells of 16 x 16 px in which data may contradict a restored image before it is "
        "called inconsistent with them; of a true image it is 0.002.",
    )
    ring_correlation: float = Field(
        0.5, gt=0, lt=1, description="Fourier ring correlation below which detail counts as not that of the scene."
    )
    halves: bool = Field(
        False,
        description="Train each network twice more, on disjoint halves of the first fold's images, and ask whether "
        "both invent the same. `make audit` asks for it.",
    )
