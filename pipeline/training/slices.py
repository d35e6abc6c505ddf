"""Slices of a role, by what can be scanned together: those of one size, with pixels of about one width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config import Scan
from pipeline.image import Image
from pipeline.physics.noise import addressed_random
from pipeline.physics.scanner import Scanner
from pipeline.physics.scanners import SCANNERS, scanner_for
from pipeline.tiling import Window
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place

AS_WIDE = 1.1
"""Pixels up to so many times as wide as others are scanned as if they were as wide: a head is a little larger or
smaller then, as heads are, and truth and data still belong together."""


@dataclass(frozen=True, eq=False)
class SliceKind:
    """Slices that one scanner takes.

    Parameters
    ----------
    scanner : Scanner
    regions : array of int
        Their numbers among the scenes.
    share : array
        How often each is drawn.
    """

    scanner: Scanner
    regions: NDArray[np.intp]
    share: NDArray[np.float64]

    def draw(self, random: np.random.Generator) -> int:
        """Draw the number of a slice."""
        return int(self.regions[random.choice(len(self.regions), p=self.share)])


class Slices:
    """Truth of slices, and the scanners that take them.

    Parameters
    ----------
    scenes : Scenes
    scan : Scan
        What the study says of its scanner.
    corners : mapping of str to Image
        A part of each image, by its name, for its bands and the width of its pixels.

    Raises
    ------
    ScannerError
        If a slice lacks what the scanner has to know.
    """

    def __init__(self, scenes: Scenes, scan: Scan, corners: Mapping[str, Image]) -> None:
        self._scenes = scenes
        first = _first_as_wide([corner.pixel_mm for corner in corners.values()], SCANNERS[type(scan)].counts_mm)
        groups: dict[tuple[int, int, float | None], list[int]] = {}
        for number, region in enumerate(scenes.regions):
            alike = region.window.height, region.window.width, first[corners[region.image].pixel_mm]
            groups.setdefault(alike, []).append(number)
        kinds = []
        for (height, width, _), numbers in groups.items():
            slice = corners[scenes.regions[numbers[0]].image].with_size(height, width)
            share = scenes.share[numbers]
            kinds.append(SliceKind(scanner_for(scan, slice), np.array(numbers), share / share.sum()))
        self.kinds = tuple(kinds)
        self._shares = [float(scenes.share[kind.regions].sum()) for kind in kinds]

    @property
    def smallest_side(self) -> int:
        """Height or width in px that no slice falls below."""
        return min(side for kind in self.kinds for side in kind.scanner.size)

    @property
    def pixels(self) -> float:
        """Pixels of a slice, as they are drawn on average."""
        return float(np.dot(self._shares, [np.prod(kind.scanner.size) for kind in self.kinds]))

    def draw_kind(self, *address: object) -> SliceKind:
        """Draw what is scanned together, by its share of all pixels."""
        if len(self.kinds) == 1:
            return self.kinds[0]
        return self.kinds[int(addressed_random(*address, "kind").choice(len(self.kinds), p=self._shares))]

    def planes(self, number: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """A whole slice, and what is not known of it, shape (C, H, W)."""
        largest, (height, width) = max(size), size
        taken = self._scenes.crops([Place(number, Window(0, 0, largest, largest))], largest)
        return taken.pixels[0, :, :height, :width], taken.mask[0, :, :height, :width]


def _first_as_wide(widths: list[float | None], counts: bool) -> dict[float | None, float | None]:
    """For each width of pixels the least of those that are scanned as if they were as wide."""
    found: dict[float | None, float | None] = dict.fromkeys(widths)
    least = 0.0
    for width in sorted(width for width in found if counts and width is not None):
        least = least if width <= AS_WIDE * least else width
        found[width] = least
    return found
