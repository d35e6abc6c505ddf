"""The section `fields`: generators of synthetic fields, each by a name of the user's choice."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.settings import NotNegative, OnceEach, Positive, Settings


class Generator(Settings):
    """How a generator of fields is trained, whatever it is."""

    steps: int = Field(1000, ge=1, description="Number of optimiser steps.")
    batch: int = Field(16, ge=1, description="Crops per step, of the smallest width; of wider ones there are fewer.")
    crops: Annotated[list[Annotated[int, Field(ge=32, multiple_of=16)]], OnceEach] = Field(
        [64], min_length=1, description="Widths of crops in px; each step has one of them."
    )
    turned: bool = Field(
        True, description="Real crops are turned by quarter turns and mirrored; false where up is not right."
    )
    loss: Literal["relativistic", "relativistic_average"] = Field(
        "relativistic",
        description="What the two networks ask of each other: is a real crop more real than a painted one, each beside "
        "another, or beside the average of the others?",
    )
    penalty: NotNegative = Field(
        0.5, description="Weight of the penalty on the discriminator's slope at real and painted crops (R1 and R2)."
    )
    penalty_every: int = Field(2, ge=1, description="Steps between looks at the slope.")
    learning_rate: Positive = Field(3e-4, description="Adam's rate for both networks.")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's first moment.")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's second moment.")
    pack: int = Field(1, ge=1, le=8, description="Crops that the discriminator judges together; more find repetition.")
    adaptive_target: float | None = Field(
        None,
        ge=0,
        le=1,
        description="What the discriminator may know by heart (r_v): it is shown crops turned, moved and cut, the more "
        "often the more it exceeds this; customary is 0.6. By default it is shown them as they are.",
    )
    adaptive_share: Positive = Field(
        0.1, le=1, description="Share of the steps in which the share of changed crops moves from none to all."
    )
    base_channels: int = Field(24, ge=4, description="Channels of the discriminator's first layer.")
    ema: float = Field(
        0.995, ge=0, lt=1, description="Decay per step of the running mean of the weights, which is what is kept."
    )

    @model_validator(mode="after")
    def _packs_are_whole(self) -> Generator:
        if self.batch % self.pack:
            raise ValueError(f"batch: {self.batch} crops cannot be judged {self.pack} at a time; take a multiple of it")
        return self

    def crops_of(self, width: int) -> int:
        """Crops of a step of that width: about as many pixels in every step, and whole packs."""
        packs = self.batch * min(self.crops) ** 2 / width**2 / self.pack
        return max(round(packs), 1) * self.pack


class SganSettings(Generator):
    """A generator without padding, whose tiles fit together exactly."""

    generator: Literal["sgan"] = Field("sgan", description="Which generator this is.")
    width: int = Field(24, ge=4, description="Channels at full resolution.")
    latents: int = Field(16, ge=1, description="Planes of latents that belong to a place.")
    whole: int = Field(0, ge=0, description="Latents that belong to a field as a whole, as PSGAN has them.")
    periodic: int = Field(0, ge=0, description="Periodic latents, as PSGAN has them.")
    depth: int = Field(
        2, ge=1, le=8, description="Convolutions at 8 px per cell; each widens what a latent decides by 8 px."
    )


class XdfGanSettings(Generator):
    """The generator of Smith and Geach 2019, with their loss, rates, packs and widths of crops: a baseline.

    The discriminator is the one that other generators have, and the loop keeps a running mean and clips gradients.
    """

    generator: Literal["xdf_gan"] = Field("xdf_gan", description="Which generator this is.")
    width: int = Field(32, ge=4, description="Channels of the finest layers.")
    latents: int = Field(50, ge=1, description="Planes of latents.")
    crops: Annotated[list[Annotated[int, Field(ge=32, multiple_of=16)]], OnceEach] = Field(
        [64, 128, 256], min_length=1, description="Widths of crops in px; each step has one of them."
    )
    batch: int = Field(32, ge=1, description="Crops per step, of the smallest width; of wider ones there are fewer.")
    loss: Literal["relativistic", "relativistic_average"] = Field(
        "relativistic_average", description="As for other generators."
    )
    penalty: NotNegative = Field(0.0, description="As for other generators; they had none.")
    learning_rate: Positive = Field(2e-4, description="Adam's rate for both networks.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's first moment.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's second moment.")
    pack: int = Field(2, ge=1, le=8, description="Crops that the discriminator judges together.")
    base_channels: int = Field(32, ge=4, description="Channels of the discriminator's first layer.")


GENERATORS = {"sgan": SganSettings, "xdf_gan": XdfGanSettings}
GeneratorSettings = Annotated[SganSettings | XdfGanSettings, Field(discriminator="generator")]


def default_fields() -> dict[str, SganSettings | XdfGanSettings]:
    """The generator of a study that names none."""
    return {"sgan": SganSettings()}
