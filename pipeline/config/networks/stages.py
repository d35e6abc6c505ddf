"""The stages of training that a restoring network goes through."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from pipeline.config.settings import NotNegative, Positive, Settings

LossName = Literal["relativistic", "relativistic_average", "hinge", "wasserstein", "least_squares", "cross_entropy"]
LOSS_NAMES: tuple[LossName, ...] = get_args(LossName)
OptimiserName = Literal["adamw", "adam", "rmsprop", "adagrad", "adadelta", "momentum"]
OPTIMISER_NAMES: tuple[OptimiserName, ...] = get_args(OptimiserName)


REBLUR = (
    "Weight of the squared error after the instrument's blur, in units of the noise: what of it contradicts the data."
)


class Regression(Settings):
    """First stage of training: the network learns the mean of what the scene may have been."""

    steps: int = Field(..., ge=1, description="Number of optimiser steps.")
    batch: int = Field(16, ge=1, description="Crops per step.")
    crop: int = Field(64, ge=16, multiple_of=8, description="Width of a crop in px.")
    optimiser: OptimiserName = Field("adamw", description="How gradients become steps.")
    learning_rate: Positive = Field(
        2e-3, description="The optimiser's rate at the start; it falls to zero along a cosine."
    )
    l2_weight: NotNegative = Field(
        5.0, description="Weight of the squared error beside the absolute error, in stretched units."
    )
    reblur_weight: NotNegative = Field(0.0, description=REBLUR)


class Game(Settings):
    """What stages share in which a discriminator takes part."""

    steps: int
    batch: int = Field(4, ge=1, description="Crops per step.")
    # Below 24 px the discriminator's layers leave nothing to judge.
    crop: int = Field(96, ge=24, multiple_of=8, description="Width of a crop in px.")
    loss: LossName = Field(
        "relativistic",
        description="What the two networks ask of each other: relativistic (is the truth more real than its "
        "restoration?), relativistic_average (than restorations on average?), hinge, wasserstein, least_squares, or "
        "cross_entropy as in pix2pix.",
    )
    penalty: NotNegative = Field(
        0.003,
        description="Weight of the penalty on the discriminator's slope at true and restored images (R1 and R2; with "
        "wasserstein that on mixtures of both, customary at 10).",
    )
    penalty_every: int = Field(8, ge=1, description="Steps between looks at the slope, which cost as much as a step.")
    spectral: bool = Field(
        False, description="Spectral normalisation of the discriminator: for hinge, which has no penalty of its own."
    )
    learning_rate: Positive = Field(5e-4, description="Adam's rate for the restoring network.")
    discriminator_learning_rate: Positive = Field(1e-3, description="Adam's rate for the discriminator.")
    weight: NotNegative = Field(
        0.12, description="Weight of the discriminator's opinion beside the absolute error of 1."
    )
    feature_weight: NotNegative = Field(
        0.0, description="Weight of the distance between what the discriminator's layers make of truth and restoration."
    )
    adaptive_target: float | None = Field(
        None,
        ge=0,
        le=1,
        description="What the discriminator may know by heart: it is shown its images turned, moved and cut, the more "
        "often the more it exceeds this (r_t where 0 parts real from restored, otherwise r_v); customary is 0.6. By "
        "default it is shown them as they are.",
    )
    adaptive_share: Positive = Field(
        0.1, le=1, description="Share of the steps in which the share of changed images moves from none to all."
    )
    base_channels: int = Field(32, ge=4, description="Channels of the discriminator's first layer.")


class Adversarial(Game):
    """Second stage of training: a discriminator asks for the texture of real images."""

    steps: int = Field(..., ge=0, description="Number of optimiser steps; 0 leaves `sharp` equal to `faithful`.")
    l2_weight: NotNegative = Field(5.0, description="Weight of the squared error, as in the first stage.")
    reblur_weight: NotNegative = Field(0.0, description=REBLUR)
    allowed_loss: NotNegative = Field(
        1.1,
        description="PSNR in dB that `sharp` may lose against `faithful` on the tune role; where training lost more, "
        "its weights are moved back towards those of `faithful`.",
    )


class Posterior(Game):
    """Third stage: the network draws scenes that may have been, each different (rcGAN, Bendel et al. 2023)."""

    steps: int = Field(
        0, ge=0, description="Number of optimiser steps; 0 makes no outputs `mean` and `sample`, and takes no time."
    )
    weight: NotNegative = Field(
        0.01, description="Weight of the discriminator's opinion beside the absolute error of 1."
    )
    noise_planes: int = Field(2, ge=1, description="Planes of noise by which the network draws.")
    draws: int = Field(32, ge=2, description="Draws over which the output `mean` averages.")
    deviation_rate: NotNegative = Field(
        0.02,
        description="How fast the reward for draws that differ follows the gain of their mean over one of them, which "
        "is known for draws from the true posterior.",
    )


class Spread(Settings):
    """Last stage: a small network of its own learns how far `faithful` is off, pixel by pixel, for intervals."""

    steps: int = Field(
        60,
        ge=0,
        description="Number of optimiser steps; 0 makes no intervals, and takes no time. Nothing else changes.",
    )
    batch: int = Field(8, ge=1, description="Crops per step.")
    crop: int = Field(64, ge=16, multiple_of=8, description="Width of a crop in px.")
    learning_rate: Positive = Field(5e-3, description="Adam's rate at the start; it falls to zero along a cosine.")
    width: int = Field(8, ge=4, description="Channels.")
    blocks: int = Field(2, ge=1, description="Blocks.")
