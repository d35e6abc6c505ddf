"""The section `train.augment`: how a network's first stage is shown other scenes than it was given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.config.settings import Settings

Factor = Annotated[float, Field(ge=1, allow_inf_nan=False)]


class Augment(Settings):
    """Changes of the scene before it is degraded, so that little sky goes a long way."""

    share: float = Field(0.75, ge=0, le=1, description="Share of the crops that are changed.")
    scale: Factor = Field(
        1.3,
        le=4,
        description="Scenes are enlarged or shrunk by up to this factor. The first stage alone does so, and turns: a "
        "discriminator would notice the interpolation.",
    )
    rotation: bool = Field(True, description="Scenes are turned by any angle; by quarter turns they always are.")
    brightness: Factor = Field(1.0, le=1000, description="Light above the sky grows or shrinks by up to this factor.")
    colour: Factor = Field(1.0, le=10, description="So does that of each band for itself, by up to this factor.")

    @property
    def in_place(self) -> Augment:
        """The same, but no pixel comes to lie elsewhere."""
        return self.model_copy(update={"scale": 1.0, "rotation": False})
