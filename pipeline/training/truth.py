"""Rectangles of truth on the training device, from which the windows of a whole batch are taken at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.image import Mask, Pixels
from pipeline.on_device import sent
from pipeline.tiling import Window, reflected_index


class Place(NamedTuple):
    """Where a crop comes from, and how it is turned."""

    region: int
    window: Window
    """A square, counted from the corner of the region, which is continued by reflection beyond its own border."""
    turns: int = 0
    """Quarter turns against the clock, as ``np.rot90`` counts them ..."""
    mirrored: bool = False
    """... after which left and right may change places."""

    def grown(self, margin: int) -> Place:
        """The place with ``margin`` pixels more on each side."""
        return self._replace(window=self.window.grown(margin))


class Cut(NamedTuple):
    """The rows and columns of a rectangle that are seen in a crop, in the order in which they are before it is turned.

    No row and no column beyond the rectangle's region is among them.
    """

    rectangle: int
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    turns: int
    mirrored: bool

    @property
    def part(self) -> Window:
        """The smallest window that holds them all."""
        y0, x0 = int(self.rows.min()), int(self.columns.min())
        return Window(y0, x0, int(self.rows.max()) + 1 - y0, int(self.columns.max()) + 1 - x0)


class Crops(NamedTuple):
    """Windows of truth as tensors of shape (B, C, H, W)."""

    pixels: Tensor
    mask: Tensor
    flawed: list[int]
    """Which of them have any masked pixel, known on the host."""


def cut_of(place: Place, region: Window, size: int) -> Cut:
    """The rows and columns of a region that a crop of ``size`` px shows, the place in its middle.

    What lies about the place is not read: its outermost rows and columns stand there again and again.
    """
    window = place.window
    near = np.arange(size) - (size - window.height) // 2
    rows = reflected_index(window.y0, window.y1, region.height)[near.clip(0, window.height - 1)]
    columns = reflected_index(window.x0, window.x1, region.width)[near.clip(0, window.width - 1)]
    return Cut(place.region, rows, columns, place.turns, place.mirrored)


class Truth:
    """Rectangles of truth, one after the other in a single row of values per band.

    Parameters
    ----------
    rectangles : sequence of Window
        Each counted from the corner of its region.
    bands : int
    device : torch.device
    """

    def __init__(self, rectangles: Sequence[Window], bands: int, device: torch.device) -> None:
        self._rectangles = list(rectangles)
        self._first = [0, *accumulate(r.height * r.width for r in rectangles)]
        self._pixels = torch.empty(bands, self._first[-1], device=device)
        # Most images have nothing masked, and need no room for it.
        self._mask: Tensor | None = None
        self._flaws: dict[int, Mask] = {}

    def write(self, number: int, top: int, pixels: Pixels, mask: Mask) -> None:
        """Fill rows of a rectangle from row ``top`` of it; pixels and mask of shape (C, rows, its width)."""
        rectangle, device = self._rectangles[number], self._pixels.device
        start = self._first[number] + top * rectangle.width
        row = slice(start, start + pixels[0].size)
        self._pixels[:, row] = sent(pixels, device).flatten(1)
        if not mask.any():
            return
        if self._mask is None:
            self._mask = torch.zeros(self._pixels.shape, dtype=torch.bool, device=device)
        self._mask[:, row] = sent(mask, device).flatten(1)
        flaws = self._flaws.setdefault(number, np.zeros((rectangle.height, rectangle.width), bool))
        flaws[top : top + mask.shape[1]] = mask.any(0)

    def read(self, number: int, part: Window) -> tuple[Pixels, Mask]:
        """Values and mask of a part of a rectangle, on the host; views where the device is the CPU."""
        pixels = self._block(self._pixels, number, part)
        return pixels, np.zeros(pixels.shape, bool) if self._mask is None else self._block(self._mask, number, part)

    def taken(self, cuts: Sequence[Cut]) -> Crops:
        """Crops of one size, each cut, continued and turned by the one gather that takes them all."""
        down, across = sent(np.stack([self._steps(cut) for cut in cuts], 1), self._pixels.device)
        index = down[:, :, None] + across[:, None, :]
        flawed = [slot for slot, cut in enumerate(cuts) if self._is_flawed(cut)]
        pixels = _gathered(self._pixels, index)
        if self._mask is None or not flawed:
            return Crops(pixels, torch.zeros_like(pixels, dtype=torch.bool), [])
        return Crops(pixels, _gathered(self._mask, index), flawed)

    def _block(self, row: Tensor, number: int, part: Window) -> NDArray[Any]:
        values = row[:, self._first[number] : self._first[number + 1]]
        return values.unflatten(1, (self._rectangles[number].height, -1))[(..., *part.slices)].cpu().numpy()

    def _steps(self, cut: Cut) -> NDArray[np.intp]:
        """Numbers, shape (2, size), whose sums are where in the row the pixels of a crop lie: by its row, and column.

        A quarter turn makes columns of rows, and the other seven orientations count some of them backwards.
        """
        rectangle = self._rectangles[cut.rectangle]
        rows = self._first[cut.rectangle] + (cut.rows - rectangle.y0) * rectangle.width
        columns = cut.columns - rectangle.x0
        down, across = (columns, rows) if cut.turns % 2 else (rows, columns)
        down = down[::-1] if cut.turns in (1, 2) else down
        across = across[::-1] if (cut.turns in (2, 3)) != cut.mirrored else across
        return np.stack([down, across])

    def _is_flawed(self, cut: Cut) -> bool:
        flaws, rectangle = self._flaws.get(cut.rectangle), self._rectangles[cut.rectangle]
        return flaws is not None and bool(flaws[cut.part.relative_to(rectangle).slices].any())


def _gathered(row: Tensor, index: Tensor) -> Tensor:
    """Values of a row, shape (C, P), at places of shape (B, H, W), as an image of shape (B, C, H, W)."""
    return row.index_select(1, index.flatten()).unflatten(1, index.shape).transpose(0, 1)
