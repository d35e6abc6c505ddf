"""The section `images.phantom`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.settings import Settings


class Phantom(Settings):
    """Heads that are drawn, with tissues and lesions of known values. Their seed is the study's."""

    heads: int = Field(60, ge=1, le=100_000, description="How many heads; more of them change none of the others.")
    slices: int = Field(2, ge=1, le=64, description="Slices of each, from the orbits to the crown.")
    size: int = Field(128, ge=64, le=1024, description="Height and width of a slice in px, which are 230 mm.")
    modality: Literal["ct", "t1"] = Field(
        "ct",
        description="ct: computed tomography, in HU; t1: T1-weighted magnetic resonance of the same heads, in "
        "hundredths of the signal of white matter.",
    )
    lesions: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of the heads that may have lesions; all others are sound, and else the same.",
    )
