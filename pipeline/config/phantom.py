"""The section `images.phantom`."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.settings import Settings


class Phantom(Settings):
    """Heads that are drawn, with tissues and lesions of known HU. Their seed is the study's."""

    heads: int = Field(60, ge=1, le=100_000, description="How many heads; more of them change none of the others.")
    slices: int = Field(2, ge=1, le=64, description="Slices of each, from the orbits to the crown.")
    size: int = Field(128, ge=64, le=1024, description="Height and width of a slice in px, which are 230 mm.")
