"""The section `train.augment`: how networks are shown other scenes than they were given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.config.settings import Settings

Factor = Annotated[float, Field(ge=1, allow_inf_nan=False)]


class Augment(Settings):
    """Changes of the scene before it is degraded, so that little sky goes a long way."""

    share: float = Field(0.75, ge=0, le=1, description="Share of the crops that are changed.")
    brightness: Factor | None = Field(
        None,
        le=1000,
        description="Light above the sky grows or shrinks by up to this factor, so that a star brighter than all that "
        "was at hand surprises no network. By default 10 where train.stretch is asinh, and 1 where it is linear.",
    )
    colour: Factor = Field(1.0, le=10, description="So does that of each band for itself, by up to this factor.")
    scale: Factor = Field(
        1.0,
        le=4,
        description="Scenes are enlarged or shrunk by up to this factor: 1.3 is worth 0.1 dB in a training of half an "
        "hour on the demo's image, which is learned by heart otherwise, and nothing in one of a few minutes.",
    )
    rotation: bool = Field(
        False,
        description="Scenes are turned by any angle; by quarter turns they always are. A discriminator would notice "
        "the interpolation, so the first stage alone is shown turned and enlarged scenes.",
    )

    @property
    def in_place(self) -> Augment:
        """The same, but no pixel comes to lie elsewhere."""
        return self.model_copy(update={"scale": 1.0, "rotation": False})
