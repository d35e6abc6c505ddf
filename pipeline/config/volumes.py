"""The section `images.volumes`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.settings import NotNegative, Settings, UserPath


class Volumes(Settings):
    """How volumes become slices, and who is behind them."""

    along: Literal["acquired", "axial", "coronal", "sagittal"] = Field(
        "acquired", description="Which slices: as they lie in the file, or those of a direction in the patient."
    )
    every: int = Field(1, ge=1, description="Take every n-th slice.")
    body: float = Field(
        0.05, ge=0, lt=1, description="Share of a slice that a body has to fill; emptier slices are left out."
    )
    bands: int = Field(
        0,
        ge=0,
        description="Of a single volume: how many runs of neighbouring slices it is cut into, each a group of its own, "
        "as one patient has no others to be judged by. 0 where there are several volumes.",
    )
    gap: NotNegative = Field(10.0, description="bands: mm that are left out between two runs, which look alike.")
    key: UserPath | None = Field(
        None,
        description="Where the table is kept that says which patient is p0001, outside results and repositories; "
        "without it nobody can tell afterwards.",
    )

    @model_validator(mode="after")
    def _halves_look_alike(self) -> Volumes:
        if self.bands and self.along == "sagittal":
            raise ValueError(
                "along: left and right of a body look alike, so sagittal slices of one volume cannot judge one "
                "another; take axial or coronal"
            )
        return self
