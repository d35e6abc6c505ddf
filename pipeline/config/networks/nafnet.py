"""A network of the section `networks`: NAFNet."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from pipeline.config.networks.common import Network
from pipeline.config.networks.stages import Adversarial, Game, Posterior, Regression, Spread

ActivationName = Literal["gate", "relu", "leaky_relu", "prelu", "elu", "silu"]
ACTIVATION_NAMES: tuple[ActivationName, ...] = get_args(ActivationName)
STAGES = ("regression", "adversarial", "posterior", "spread")


class Nafnet(Network):
    """NAFNet (Chen et al. 2022), given the degraded image, its Wiener estimate, noise, mask and PSF."""

    architecture: Literal["nafnet"] = Field("nafnet", description="Which network this is.")
    width: int = Field(16, ge=4, description="Channels at the finest resolution.")
    encoder_blocks: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 1, 1], min_length=1, description="Blocks before each halving of the resolution."
    )
    middle_blocks: int = Field(1, ge=1, description="Blocks at the lowest resolution.")
    decoder_blocks: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 1, 1], min_length=1, description="Blocks after each doubling of the resolution."
    )
    activation: ActivationName = Field(
        "gate", description="What follows the filters of a block: gate, as published, or an activation function."
    )
    kernel_size: int = Field(
        3, ge=1, le=15, description="Width in px of the filters that mix neighbours; an odd number."
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of each branch's values that training leaves out.")
    patch_size: int = Field(
        1,
        ge=1,
        le=8,
        description="Width in px of the squares that become one pixel before the first layer; with 2, twice the width "
        "takes as long.",
    )
    average_orientations: bool = Field(
        False,
        description="Restore `faithful` as the mean over eight orientations: a little better for round PSFs, at eight "
        "times the time.",
    )
    regression: Regression = Field(
        default_factory=lambda: Regression(steps=500), description="First stage, which makes the output `faithful`."
    )
    adversarial: Adversarial = Field(
        default_factory=lambda: Adversarial(steps=260), description="Second stage, which makes the output `sharp`."
    )

    posterior: Posterior = Field(
        default_factory=lambda: Posterior(),
        description="Third stage, which makes the outputs `sample`, one scene that may have been, and `mean`, the mean "
        "of many; none by default.",
    )
    spread: Spread = Field(
        default_factory=lambda: Spread(),
        description="Last stage, behind the intervals of `faithful` and `sharp`, which it leaves as they are.",
    )

    @model_validator(mode="after")
    def _blocks_fit(self) -> Nafnet:
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size: {self.kernel_size} has no centre; take an odd number, such as 3")
        down, up = len(self.encoder_blocks), len(self.decoder_blocks)
        if down != up:
            raise ValueError(f"decoder_blocks: {up} stages, and the encoder has {down}; as many are needed")
        return self

    @model_validator(mode="after")
    def _crops_fit(self) -> Nafnet:
        down = len(self.encoder_blocks)
        for name in STAGES:
            steps, crop = getattr(self, name).steps, getattr(self, name).crop
            least = self.patch_size * 2**down
            if steps and crop % least:
                squares = f" in squares of {self.patch_size} px" if self.patch_size > 1 else ""
                raise ValueError(
                    f"{name}.crop: {crop} px{squares} cannot be halved {down} times; take a multiple of {least}"
                )
        return self

    @property
    def batches(self) -> dict[str, int]:
        """Crops per step, by the setting that says so."""
        stages: dict[str, Game | Spread] = {"adversarial": self.adversarial, "posterior": self.posterior}
        stages["spread"] = self.spread
        later = {f"{name}.batch": stage.batch for name, stage in stages.items() if stage.steps}
        return {"regression.batch": self.regression.batch} | later

    def pixels_per_step(self, stage: str) -> int:
        """Pixels of scene that a step of a stage sees."""
        if stage == "regression":
            return self.regression.batch * self.regression.crop**2
        if stage == "spread":
            return self.spread.batch * self.spread.crop**2
        game = self.posterior if stage == "posterior" else self.adversarial
        return game.batch * game.crop**2

    @property
    def outputs(self) -> tuple[str, ...]:
        """The restorers that training makes."""
        return ("faithful", "sharp", "mean", "sample") if self.posterior.steps else ("faithful", "sharp")

    @property
    def with_intervals(self) -> tuple[str, ...]:
        """The restorers that get intervals, if the study sets items aside to calibrate them."""
        return ("faithful", "sharp") if self.spread.steps else ()

    @property
    def files(self) -> tuple[str, ...]:
        """The models that training writes: those of the outputs, and that of their spread."""
        return (*self.outputs, "spread") if self.spread.steps else self.outputs
