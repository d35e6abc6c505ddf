"""The section `denoiser`: the network that the method `plug_and_play` takes for what scenes look like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.networks.stages import Regression
from pipeline.config.settings import Settings

DENOISER = "denoiser"
"""Its name among the models of a study."""
DENOISED = "denoised"
"""What it makes, as other networks make `faithful` and `sharp`."""


class Denoiser(Settings):
    """A NAFNet that takes white noise of any level off a scene, and knows no PSF; one is trained for each fold."""

    architecture: Literal["nafnet"] = Field("nafnet", description="Which network this is.")
    width: int = Field(16, ge=4, description="Channels at the finest resolution.")
    encoder_blocks: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 1, 1], min_length=1, description="Blocks before each halving of the resolution."
    )
    middle_blocks: int = Field(1, ge=1, description="Blocks at the lowest resolution.")
    decoder_blocks: list[Annotated[int, Field(ge=1)]] = Field(
        [1, 1, 1], min_length=1, description="Blocks after each doubling of the resolution."
    )
    regression: Regression = Field(default_factory=lambda: Regression(steps=500), description="Its one stage.")

    @model_validator(mode="after")
    def _stages_fit(self) -> Denoiser:
        down, up = len(self.encoder_blocks), len(self.decoder_blocks)
        if down != up:
            raise ValueError(f"decoder_blocks: {up} stages, and the encoder has {down}; as many are needed")
        crop, least = self.regression.crop, 2**down
        if crop % least:
            raise ValueError(f"regression.crop: {crop} px cannot be halved {down} times; take a multiple of {least}")
        return self

    @property
    def restarts(self) -> int:
        """None beside the first training."""
        return 0

    @property
    def batches(self) -> dict[str, int]:
        """Crops per step, by the setting that says so."""
        return {"regression.batch": self.regression.batch}

    def pixels_per_step(self, _stage: str) -> int:
        """Pixels of scene that a step sees."""
        return self.regression.batch * self.regression.crop**2

    @property
    def outputs(self) -> tuple[str, ...]:
        """What training makes."""
        return (DENOISED,)

    @property
    def files(self) -> tuple[str, ...]:
        """The models that training writes."""
        return self.outputs
