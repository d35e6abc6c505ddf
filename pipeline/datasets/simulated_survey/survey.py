"""What a simulated survey is: an instrument, and how much of which sky it shows."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config import Images
from pipeline.datasets.simulated_survey.presets import PRESETS, Preset

UNIT = "adu"
"""Counts of the whole exposure, the sky's taken off."""


@dataclass(frozen=True)
class Survey:
    """Everything that the images of a survey follow from.

    Parameters
    ----------
    name : str
        Of the preset.
    seed : int
    images : int
        How many; another number changes none of them.
    size : int
        Height and width of an image in px.
    bands : tuple of str
        Filters of the preset.
    density : float
        Sources per square arcmin.
    """

    name: str
    seed: int
    images: int
    size: int
    bands: tuple[str, ...]
    density: float

    @property
    def preset(self) -> Preset:
        """The instrument."""
        return PRESETS[self.name]

    @property
    def ids(self) -> dict[str, int]:
        """Numbers of the images by their names, in order."""
        return {f"{number:05d}": number for number in range(self.images)}


def survey_of(settings: Images, seed: int) -> Survey:
    """The survey that a study's section ``images`` describes, with the study's seed."""
    asked = settings.survey
    preset = PRESETS[asked.preset]
    bands = tuple(settings.bands or preset.bands)
    return Survey(asked.preset, seed, asked.images, asked.size, bands, asked.density or preset.density)
