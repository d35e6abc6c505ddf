"""Heads that are drawn, each from its number: slices of which every tissue and every lesion is known."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.datasets.head_phantom.anatomy import Head, head
from pipeline.datasets.head_phantom.computed_tomography import hounsfield_units
from pipeline.datasets.head_phantom.magnetic_resonance import t1_signal
from pipeline.datasets.head_phantom.tissues import Section, mostly, section
from pipeline.image import LESION, SOUND, Image
from pipeline.physics.noise import addressed_random

__all__ = ["RENDERINGS", "Head", "head", "head_phantom", "hounsfield_units", "section", "t1_signal"]

FIELD_OF_VIEW = 230.0
"""Height and width of a slice in mm."""

RENDERINGS = {"ct": ("HU", hounsfield_units), "t1": ("signal", t1_signal)}
"""By ``images.phantom.modality``, which is the name of the band: the unit, and what draws a slice in it."""


def head_phantom(settings: Images, seed: int) -> Dataset:
    """Slices of ``images.phantom.heads`` heads, one group for each head.

    A slice of one modality shows the very anatomy that the slice of the same name shows in another.

    Raises
    ------
    DatasetError
        If other bands than the one that there is are asked for.
    """
    phantom = settings.phantom
    if settings.bands not in (None, [phantom.modality]):
        raise DatasetError(f"head_phantom: has the one band {phantom.modality}; leave out images.bands")
    width = len(str(phantom.heads - 1))
    places = {
        f"head{number:0{width}d}_{slice}": (number, slice)
        for number in range(phantom.heads)
        for slice in range(phantom.slices)
    }
    return Dataset({id: id for id in places}, partial(_drawn, places, settings, seed))


def _drawn(places: dict[str, tuple[int, int]], settings: Images, seed: int, id: str) -> Image:
    number, slice = places[id]
    size, count = settings.phantom.size, settings.phantom.slices
    # From the level of the eyes' orbits, as 0, to near the crown, as 1.
    height = (slice + 0.5) / count
    drawn = _perhaps_sound(head(seed, number), settings.phantom.lesions, seed, number)
    seen = section(drawn, height, size, FIELD_OF_VIEW / size, (seed, number, slice))
    unit, rendering = RENDERINGS[settings.phantom.modality]
    pixels, mask = rendering(drawn, seen)[None], np.zeros((1, size, size), bool)
    group, bands = id.rpartition("_")[0], (settings.phantom.modality,)
    return Image(id, pixels, mask, unit, bands, group, pixel_mm=FIELD_OF_VIEW / size, findings=_findings(seen)[None])


def _perhaps_sound(drawn: Head, ill: float, seed: int, number: int) -> Head:
    """The head, without its lesions if it is not among the share that has any; else it is the same."""
    return drawn if addressed_random(seed, "ill", number).random() < ill else replace(drawn, lesions=())


def _findings(seen: Section) -> NDArray[np.uint8]:
    ill, brain = mostly(seen.ill), mostly(seen.brain | seen.ill)
    return np.where(ill, LESION, np.where(brain, SOUND, 0)).astype(np.uint8)
