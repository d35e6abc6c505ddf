"""The bands of sky that the one image of a study is cut into: each is a group, and its sky is measured for itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipeline.config import Split
from pipeline.tiling import Window


def bands_of_sky(area: Window, count: int) -> list[Window]:
    """Cut an image into ``count`` bands across its longer side, so that each is as wide as can be."""
    if area.width >= area.height:
        return [Window(area.y0, area.x0 + a, area.height, b - a) for a, b in pairwise(edges(area.width, count))]
    return [Window(area.y0 + a, area.x0, b - a, area.width) for a, b in pairwise(edges(area.height, count))]


def measured_apart(area: Window, images: int, settings: Split) -> list[Window]:
    """The parts of an image of which each has its sky measured on its own pixels alone.

    One image stands on both sides of every split, so what is measured on the whole of it has seen what is held out.

    Parameters
    ----------
    area : Window
        The whole image.
    images : int
        Number of images in the study.
    settings : Split

    Returns
    -------
    list of Window
        The bands of sky of a study's only image; of several images, each is a part of its own.
    """
    if images > 1:
        return [area]
    return [band for band in bands_of_sky(area, settings.folds) if band.height and band.width]


def edges(length: int, count: int) -> list[int]:
    """Where a length in px is cut into ``count`` pieces that differ by one at most, both ends included."""
    return np.linspace(0, length, count + 1).round().astype(int).tolist()
