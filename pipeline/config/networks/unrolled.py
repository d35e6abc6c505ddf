"""A network of the section `networks`: several NAFNets in a row, with the data of a scan between them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.networks.nafnet import STAGES, Nafnet
from pipeline.config.networks.stages import Adversarial, Regression, Spread


class RegressionOfSlices(Regression):
    """First stage of training, on whole slices."""

    batch: int = Field(4, ge=1, description="Slices per step.")


class AdversarialOfSlices(Adversarial):
    """Second stage of training, on whole slices."""

    batch: int = Field(2, ge=1, description="Slices per step.")


class SpreadOfSlices(Spread):
    """Last stage of training, on whole slices."""

    batch: int = Field(2, ge=1, description="Slices per step.")


class Unrolled(Nafnet):
    """A cascade (Schlemper et al. 2018) for scanners: what an estimate does not explain of the data is brought back.

    It sees whole slices with their data; a stage's `batch` counts slices, and its `crop` is not read.
    """

    architecture: Literal["unrolled"] = Field("unrolled", description="Which network this is.")  # type: ignore[assignment]
    rounds: int = Field(3, ge=2, le=32, description="Networks in a row, each with weights of its own.")
    regression: RegressionOfSlices = Field(
        default_factory=lambda: RegressionOfSlices(steps=500),
        description="First stage, which makes the output `faithful`.",
    )
    adversarial: AdversarialOfSlices = Field(
        default_factory=lambda: AdversarialOfSlices(steps=260),
        description="Second stage, which makes the output `sharp`.",
    )
    spread: SpreadOfSlices = Field(
        default_factory=lambda: SpreadOfSlices(),
        description="Last stage, behind the intervals of `faithful` and `sharp`, which it leaves as they are.",
    )

    @model_validator(mode="after")
    def _crops_fit(self) -> Unrolled:
        for name in STAGES:
            getattr(self, name).refuse_unread(
                "crop",
                because="by unrolled, which sees whole slices",
                instead="take architecture: nafnet",
                section=f"{name}.",
            )
        self.refuse_unread(
            "average_orientations",
            because="by unrolled, since a scan has one orientation",
            instead="take architecture: nafnet",
        )
        return self

    def batch_of(self, stage: str) -> int:
        """Slices that a step of a stage sees."""
        return int(getattr(self, stage).batch)
