"""The light that was taken off some regions before they were stored: its photons are noise in what is seen of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.image import Pixels
from pipeline.store import read_images
from pipeline.training.regions import Region, sampled
from pipeline.training.truth import Place

STEP = 16
"""A background is smooth: every so many rows and columns of it are kept."""


class Backgrounds:
    """Backgrounds of regions, each read when it is first asked for: only noise that counts photons goes by them.

    Parameters
    ----------
    path : path
        ``images.h5``.
    regions : list of Region
    """

    def __init__(self, path: str | Path, regions: list[Region]) -> None:
        self._path, self._regions = path, regions
        self._known: dict[int, Pixels | None] = {}

    def at(self, place: Place) -> list[float]:
        """The level in the middle of a place, per band; empty where nothing was taken off."""
        thinned = self._of(place.region)
        if thinned is None:
            return []
        window, (height, width) = place.window, thinned.shape[-2:]
        row, column = (window.y0 + window.y1) // (2 * STEP), (window.x0 + window.x1) // (2 * STEP)
        return thinned[:, min(max(row, 0), height - 1), min(max(column, 0), width - 1)].tolist()

    def range(self) -> list[list[float]]:
        """The least and the greatest level, per band; one empty list where nothing was taken off."""
        found = [thinned for index in sampled(len(self._regions)) if (thinned := self._of(index)) is not None]
        if not found:
            return [[]]
        least, greatest = ([extreme(t, (1, 2)) for t in found] for extreme in (np.min, np.max))
        return [np.min(least, 0).tolist(), np.max(greatest, 0).tolist()]

    def _of(self, index: int) -> Pixels | None:
        """What was taken off a region, thinned, shape (C, h, w)."""
        if index not in self._known:
            region = self._regions[index]
            with read_images(self._path) as images:
                self._known[index] = images.background(region.image, region.window, STEP)
        return self._known[index]
