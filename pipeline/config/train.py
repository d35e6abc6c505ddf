"""The section `train`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.settings import Positive, Settings


class Training(Settings):
    """What every network's training shares."""

    stretch: Literal["asinh", "linear"] = Field(
        "asinh", description="Scaling before the network; linear for images that were stretched for the eye already."
    )
    softening: Positive = Field(
        3.0, description="asinh: the level, in sigmas of the sky, where the scaling turns from linear to logarithmic."
    )
    validate_every: int = Field(
        100, ge=1, description="Steps between looks at the tune role, and between lines of history.csv."
    )
    checkpoint_every: int = Field(100, ge=1, description="Steps between checkpoints, from which a killed run goes on.")
    ema: float = Field(
        0.98, ge=0, lt=1, description="Decay per step of the running mean of the weights, which is what is kept."
    )
    clip: Positive = Field(1.0, description="Largest norm of the gradient.")
