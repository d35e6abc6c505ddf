"""A network of the section `networks`: pix2pix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.networks.common import Network
from pipeline.config.settings import NotNegative, Positive


class Pix2pix(Network):
    """pix2pix (Isola et al. 2017), the network of GalaxyGAN: the named baseline."""

    architecture: Literal["pix2pix"] = Field("pix2pix", description="Which network this is.")
    base_channels: int = Field(64, ge=4, description="Channels of the first layer of both networks.")
    crop: int = Field(
        256, ge=32, description="Width in px of the crops, and of the tiles at restoration; a power of two."
    )
    batch: int = Field(1, ge=1, description="Crops per step.")
    steps: int = Field(..., ge=1, description="Number of optimiser steps.")
    l1_weight: NotNegative = Field(
        100.0, description="Weight of the absolute error beside the discriminator's cross entropy."
    )
    learning_rate: Positive = Field(2e-4, description="Adam's rate.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's first moment.")

    @model_validator(mode="after")
    def _crop_is_a_power_of_two(self) -> Pix2pix:
        if self.crop & (self.crop - 1):
            raise ValueError(
                f"crop: {self.crop} is no power of two, which the halvings of pix2pix need; take 128 or 256"
            )
        return self

    @property
    def batches(self) -> dict[str, int]:
        """Crops per step, by the setting that says so."""
        return {"batch": self.batch}

    def pixels_per_step(self, _stage: str) -> int:
        """Pixels of scene that a step sees."""
        return self.batch * self.crop**2

    @property
    def outputs(self) -> tuple[str, ...]:
        """The restorers that training makes."""
        return ("sharp",)

    @property
    def with_intervals(self) -> tuple[str, ...]:
        """None: pix2pix has no estimate of its own error."""
        return ()

    @property
    def files(self) -> tuple[str, ...]:
        """The models that training writes."""
        return self.outputs
