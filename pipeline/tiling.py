"""Windows into images that may be larger than memory: tiles with an exact halo, so that tiled equals whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels, ``[y0, y0 + height) x [x0, x0 + width)``; it may reach beyond the image."""

    y0: int
    x0: int
    height: int
    width: int

    @property
    def y1(self) -> int:
        """First row below the window."""
        return self.y0 + self.height

    @property
    def x1(self) -> int:
        """First column right of the window."""
        return self.x0 + self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """The window as an index of the last two axes; it must lie inside the image."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def in_words(self) -> str:
        """Where the window lies, for messages."""
        return f"rows {self.y0} to {self.y1 - 1}, columns {self.x0} to {self.x1 - 1}"

    def grown(self, margin: int) -> Window:
        """The window with ``margin`` pixels more on each side."""
        return Window(self.y0 - margin, self.x0 - margin, self.height + 2 * margin, self.width + 2 * margin)

    def clipped(self, to: Window) -> Window:
        """The part of the window that lies inside ``to``."""
        y0, x0 = max(self.y0, to.y0), max(self.x0, to.x0)
        return Window(y0, x0, max(min(self.y1, to.y1) - y0, 0), max(min(self.x1, to.x1) - x0, 0))

    def relative_to(self, other: Window) -> Window:
        """The same rectangle, counted from the corner of ``other``."""
        return Window(self.y0 - other.y0, self.x0 - other.x0, self.height, self.width)


def whole(height: int, width: int) -> Window:
    """The window that is the image."""
    return Window(0, 0, height, width)


def tiles(area: Window, size: int, stride: int = 1) -> Iterator[Window]:
    """Cut an area into windows between multiples of ``stride`` in absolute pixels; the area cuts the outermost.

    Parameters
    ----------
    area : Window
        What the tiles cover, once each; nothing for an empty area.
    size : int
        Width of a tile in pixels; rounded down to a multiple of ``stride``, at least one stride.
    stride : int
        Grid that a network's downsampling needs.
    """
    if area.height <= 0 or area.width <= 0:
        return
    step = max(size // stride, 1) * stride
    for y in range(area.y0 // stride * stride, area.y1, step):
        for x in range(area.x0 // stride * stride, area.x1, step):
            yield Window(y, x, step, step).clipped(area)


def read_reflected(array: Any, window: Window) -> NDArray[Any]:
    """Read a window of an array, continued by reflection beyond its border.

    Parameters
    ----------
    array : array-like, shape (..., H, W)
        NumPy array or HDF5 dataset; only the rows and columns that are needed are read.
    window : Window
        At least one pixel; may reach beyond the array, by any amount.

    Returns
    -------
    array, shape (..., window.height, window.width)
    """
    height, width = array.shape[-2:]
    rows = reflected_index(window.y0, window.y1, height)
    columns = reflected_index(window.x0, window.x1, width)
    y0, y1, x0, x1 = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    part = np.asarray(array[..., y0:y1, x0:x1])
    return part[..., (rows - y0)[:, None], columns - x0]


def reflected_index(start: int, stop: int, size: int) -> NDArray[np.intp]:
    """Indices ``start`` to ``stop`` folded into ``[0, size)`` by reflection that does not repeat the border."""
    if size == 1:
        return np.zeros(stop - start, dtype=np.intp)
    period = 2 * (size - 1)
    folded = np.arange(start, stop) % period
    return np.minimum(folded, period - folded)
