"""The section `train`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.augment import Augment
from pipeline.config.first_estimate import FirstEstimate
from pipeline.config.settings import Positive, Settings

BRIGHTNESS_OF_FLUX = 10.0
"""Factor by which scenes in a linear unit are brightened unless the study says otherwise."""


class Training(Settings):
    """What every network's training shares."""

    stretch: Literal["asinh", "linear"] = Field(
        "asinh", description="Scaling before the network; linear for images that were stretched for the eye already."
    )
    softening: Positive = Field(
        3.0, description="asinh: the level, in sigmas of the sky, where the scaling turns from linear to logarithmic."
    )
    augment: Augment = Field(
        default_factory=lambda: Augment(), description="How scenes are changed before they are degraded."
    )
    first_estimate: FirstEstimate = Field(
        default_factory=lambda: FirstEstimate(), description="What networks of scanners go on from."
    )
    psf_error: float = Field(
        0.0,
        ge=0,
        le=0.25,
        description="Relative standard deviation of the width of the PSF that networks are told, beside the one that "
        "data are made with: 0.05 to 0.10 makes a model that forgives a PSF measured so well. On the demo, with 0.07, "
        "a width that is wrong by 10% costs 0.08 dB instead of 0.13, and one that is right 0.02 dB instead of none.",
    )
    validate_every: int = Field(
        100, ge=1, description="Steps between looks at the tune role, and between lines of history.csv."
    )
    checkpoint_every: int = Field(100, ge=1, description="Steps between checkpoints, from which a killed run goes on.")
    ema: float = Field(
        0.98, ge=0, lt=1, description="Decay per step of the running mean of the weights, which is what is kept."
    )
    clip: Positive = Field(
        1.0, description="Largest norm of the restoring network's gradient; a discriminator's is left as it is."
    )
    devices: int = Field(
        1,
        ge=1,
        description="GPUs that share each batch, or processes on a CPU, each with as many cores as threads says. "
        "Without dropout and relativistic_average, results depend on it in the last digits alone.",
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field(
        "auto", description="What training runs on; auto is a GPU if there is one."
    )
    precision: Literal["auto", "float32", "bf16"] = Field(
        "auto",
        description="Arithmetic of the networks; auto is bf16 on a GPU that has it, otherwise float32. Processors "
        "without bf16 of their own take many times as long in it.",
    )
    compile: bool = Field(
        False, description="Compile the restoring network, which takes a minute at first; it needs a C++ compiler."
    )

    @property
    def augmentation(self) -> Augment:
        """How scenes are changed, with every default filled in."""
        usual = BRIGHTNESS_OF_FLUX if self.stretch == "asinh" else 1.0
        return self.augment.model_copy(update={"brightness": self.augment.brightness or usual})
