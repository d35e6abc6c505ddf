"""Slices of a role, by what can be scanned together: those of one size, with pixels of one width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config import Scan
from pipeline.image import Image
from pipeline.physics.noise import addressed_random
from pipeline.physics.scanner import Scanner
from pipeline.physics.scanners import scanner_for
from pipeline.tiling import Window
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place


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
    like : callable
        Gives any part of the image of a name, for its bands and the width of its pixels.

    Raises
    ------
    ScannerError
        If a slice lacks what the scanner has to know.
    """

    def __init__(self, scenes: Scenes, scan: Scan, like: Callable[[str], Image]) -> None:
        self._scenes = scenes
        groups: dict[tuple[int, int, float | None], list[int]] = {}
        parts = {name: like(name) for name in dict.fromkeys(region.image for region in scenes.regions)}
        for number, region in enumerate(scenes.regions):
            kind = region.window.height, region.window.width, parts[region.image].pixel_mm
            groups.setdefault(kind, []).append(number)
        self.kinds = []
        for (height, width, _), numbers in groups.items():
            slice = parts[scenes.regions[numbers[0]].image].with_size(height, width)
            share = scenes.share[numbers]
            self.kinds.append(SliceKind(scanner_for(scan, slice), np.array(numbers), share / share.sum()))
        self._shares = [float(scenes.share[kind.regions].sum()) for kind in self.kinds]

    @property
    def smallest(self) -> tuple[int, int]:
        """Height and width that every slice has at least."""
        heights, widths = zip(*(kind.scanner.size for kind in self.kinds))
        return min(heights), min(widths)

    @property
    def pixels(self) -> float:
        """Pixels of a slice, as they are drawn on average."""
        return float(np.dot(self._shares, [np.prod(kind.scanner.size) for kind in self.kinds]))

    def kind(self, *address: object) -> SliceKind:
        """Draw what is scanned together, by its share of all pixels."""
        if len(self.kinds) == 1:
            return self.kinds[0]
        return self.kinds[int(addressed_random(*address, "kind").choice(len(self.kinds), p=self._shares))]

    def planes(self, number: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """A whole slice, and what is not known of it, shape (C, H, W)."""
        largest, (height, width) = max(size), size
        taken = self._scenes.crops([Place(number, Window(0, 0, largest, largest))], largest)
        return taken.pixels[0, :, :height, :width], taken.mask[0, :, :height, :width]
