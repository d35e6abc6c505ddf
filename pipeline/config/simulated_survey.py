"""The section `images.survey`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.settings import Positive, Settings

FILTERS: dict[str, tuple[str, ...]] = {
    "sdss": ("u", "g", "r", "i", "z"),
    "hst": ("F435W", "F606W", "F775W", "F814W", "F850LP", "F105W", "F125W", "F160W"),
}
"""Bands of each preset; a test holds them equal to those of `datasets`."""


class SimulatedSurvey(Settings):
    """A survey that is made: stars, galaxies and quasars whose truth is known. Its seed is the study's."""

    preset: Literal["sdss", "hst"] = Field(
        "sdss",
        description="The instrument that it is like: pixels, PSF, zero points, gain, exposure and sky. sdss: u, g, r, "
        "i, z; hst: F435W, F606W, F775W, F814W, F850LP, F105W, F125W, F160W. images.bands chooses among these; by "
        "default g, r, i, or F606W, F775W, F814W.",
    )
    images: int = Field(300, ge=1, le=50_000, description="How many images; more of them change none of the others.")
    size: int = Field(128, ge=32, le=4096, description="Height and width of an image in px.")
    density: Positive | None = Field(
        None, description="Sources per square arcmin; by default 6 for sdss, 60 for hst, which is near what there are."
    )
    truth: Literal["noise_free", "exposure"] = Field(
        "noise_free",
        description="What restorations are judged by, seen with the preset's own PSF. noise_free: the scene itself; "
        "exposure: an exposure of the preset, as real images would be, with its noise.",
    )
