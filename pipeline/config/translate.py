"""The section `translate`: from the images of a study to those of another domain, such as from CT to MR."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.images import Images
from pipeline.config.names import NAME
from pipeline.config.settings import NotNegative, Positive, Settings

HISTOGRAM_MATCHING = "histogram_matching"
"""The opponent that is always there."""


class Translator(Settings):
    """How a translating network is trained, whatever it learns from."""

    steps: int = Field(1000, ge=1, description="Number of optimiser steps; the rate falls to 0 over the second half.")
    batch: int = Field(1, ge=1, description="Crops of each domain per step.")
    crop: int = Field(
        64, ge=32, multiple_of=16, description="Width of crops in px. Whole slices, if they are no wider, are best."
    )
    base_channels: int = Field(16, ge=4, description="Channels of a generator's first layer.")
    blocks: int = Field(4, ge=1, description="Residual blocks of a generator.")
    judge_channels: int = Field(16, ge=4, description="Channels of a discriminator's first layer.")
    learning_rate: Positive = Field(2e-4, description="Adam's rate for all networks.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's first moment.")
    ema: float = Field(
        0.99, ge=0, lt=1, description="Decay per step of the running mean of the weights, which is what is kept."
    )


class CycleGan(Translator):
    """Zhu et al. 2017 (arXiv 1703.10593): two generators there and back, learned from images that are no pairs."""

    architecture: Literal["cyclegan"] = Field("cyclegan", description="Which translator this is.")
    cycle_weight: Positive = Field(10.0, description="Weight of the error after there and back.")
    identity_weight: NotNegative = Field(
        5.0,
        description="Weight of the change to images that are of the other domain already; 0 where both domains have "
        "nothing in common.",
    )
    noise: NotNegative = Field(
        0.02,
        description="Standard deviation of noise on translated images before they are translated back, where the range "
        "of a domain is -1 to 1: without any, a network may hide in them what it needs for the way back.",
    )
    pool: int = Field(
        50, ge=0, description="Translated images that are kept, of which half of those that discriminators see are."
    )


class TranslatingPix2pix(Translator):
    """Isola et al. 2017: the same generator, learned from pairs; what can be had where the truth is known."""

    architecture: Literal["pix2pix"] = Field("pix2pix", description="Which translator this is.")
    l1_weight: NotNegative = Field(
        100.0, description="Weight of the absolute error beside the discriminator's opinion."
    )


TRANSLATORS = {"cyclegan": CycleGan, "pix2pix": TranslatingPix2pix}
TranslatorSettings = Annotated[CycleGan | TranslatingPix2pix, Field(discriminator="architecture")]


def _usual_networks() -> dict[str, CycleGan | TranslatingPix2pix]:
    return {"cyclegan": CycleGan()}


class Translate(Settings):
    """What the study's images are translated into, by which networks, and whether the truth is known."""

    into: Images = Field(
        description="Images of the other domain, as the section `images` has it. They need show nobody that the "
        "study's images show; of groups that are in both, half is learned from in one domain and half in the other."
    )
    truth: Images | None = Field(
        None,
        description="Images of the other domain that show the very same, each by the id of its image: by these "
        "translations are judged, and pix2pix learns from them. By default nobody has any.",
    )
    networks: dict[Annotated[str, Field(pattern=NAME)], TranslatorSettings] = Field(
        default_factory=_usual_networks,
        min_length=1,
        description="Translators by a name of your choice. Each has an `architecture`, cyclegan or pix2pix.",
    )

    @model_validator(mode="after")
    def _pairs_are_there_to_learn_from(self) -> Translate:
        for name, network in self.networks.items():
            if network.architecture == "pix2pix" and self.truth is None:
                raise ValueError(f"networks.{name}.architecture: pix2pix learns from pairs; name their other half in "
                                 "truth, or take cyclegan")  # fmt: skip
        return self
