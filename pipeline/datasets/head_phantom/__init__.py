"""Heads that are drawn, each from its number: slices in HU of which every tissue and every lesion is known."""

from __future__ import annotations

from functools import partial

import numpy as np

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.datasets.head_phantom.anatomy import Head, head
from pipeline.datasets.head_phantom.rendering import hounsfield_units
from pipeline.image import Image

__all__ = ["Head", "head", "head_phantom", "hounsfield_units"]

FIELD_OF_VIEW = 230.0
"""Height and width of a slice in mm."""


def head_phantom(settings: Images, seed: int) -> Dataset:
    """Slices of ``images.phantom.heads`` heads, one group for each head.

    Raises
    ------
    DatasetError
        If other bands than the one that there is are asked for.
    """
    if settings.bands not in (None, ["ct"]):
        raise DatasetError("head_phantom: has the one band ct; leave out images.bands")
    phantom = settings.phantom
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
    pixels = hounsfield_units(head(seed, number), height, size, FIELD_OF_VIEW / size, (seed, number, slice))
    group, mask = id.rpartition("_")[0], np.zeros((1, size, size), bool)
    return Image(id, pixels[None], mask, "HU", ("ct",), group, pixel_mm=FIELD_OF_VIEW / size)
