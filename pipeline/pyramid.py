"""An image at half, a quarter, an eighth of its scale: every pixel the mean of those that it stands for.

No level is held as a whole. Each part is made of the four parts of the finer level beneath it as soon as these are
there, so that every pixel of the image is read once, and memory grows with the number of levels alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.image import Pixels
from pipeline.tiling import Window, tiles, whole
from pipeline.windowed import WindowedImage


class Part(NamedTuple):
    """A tile of a level."""

    halvings: int
    """How often the scale of its level was halved: 0 for the image itself."""
    window: Window
    """Where it lies, in pixels of its level."""
    pixels: Pixels
    """Shape (C, h, w)."""


def level_of(area: Window, halvings: int) -> Window:
    """What an image is at a level: half as high and as wide for each halving, rounded up.

    Parameters
    ----------
    area : Window
        The image, from (0, 0) on.
    halvings : int
    """
    return whole(-(-area.height // 2**halvings), -(-area.width // 2**halvings))


def pyramid(image: WindowedImage, tile: int, halvings: int) -> Iterator[Part]:
    """All levels of an image down to one, tile by tile, each tile after those that it is made of.

    A pixel of a level is the mean of the ``2^k x 2^k`` pixels of the image that it covers, of those inside where it
    reaches beyond the border. Its bits do not depend on the width of a tile.

    Parameters
    ----------
    image : WindowedImage
        Its mask is not looked at.
    tile : int
        Width in px, even; tiles begin at multiples of it.
    halvings : int
        Of the coarsest level.
    """
    for window in tiles(level_of(image.area, halvings), tile):
        yield from _parts(image, tile, halvings, window)


def _parts(image: WindowedImage, tile: int, halvings: int, window: Window) -> Generator[Part, None, Pixels]:
    """What lies under a tile, then the tile itself; its pixels are returned as well."""
    pixels = np.empty((len(image.bands), window.height, window.width), np.float32)
    if halvings == 0:
        for band in range(len(pixels)):
            pixels[band] = image.read(band, window).pixels
    else:
        beneath = Window(2 * window.y0, 2 * window.x0, 2 * window.height, 2 * window.width)
        for finer in tiles(beneath.clipped(level_of(image.area, halvings - 1)), tile):
            made = yield from _parts(image, tile, halvings - 1, finer)
            # Tiles are even in width: only at the border of the level does one end within a pixel of the coarser.
            half = Window(finer.y0 // 2, finer.x0 // 2, -(-finer.height // 2), -(-finer.width // 2))
            rows = _covered(finer.y0, finer.y1, image.area.height, halvings - 1)
            columns = _covered(finer.x0, finer.x1, image.area.width, halvings - 1)
            pixels[(..., *half.relative_to(window).slices)] = _halved(made, rows, columns)
    yield Part(halvings, window, pixels)
    return pixels


def _covered(start: int, stop: int, size: int, halvings: int) -> NDArray[np.float64]:
    """How many of the image's rows, or columns, each of a level stands for."""
    edges = np.minimum(np.arange(start, stop + 1) * 2**halvings, size)
    return np.diff(edges).astype(float)


def _halved(pixels: Pixels, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Pixels:
    """Means of two rows and two columns, weighted by what they stand for."""
    sums = _in_pairs(_in_pairs(pixels * rows[:, None] * columns, 1), 2)
    return (sums / (_in_pairs(rows, 0)[:, None] * _in_pairs(columns, 0))).astype(np.float32)


def _in_pairs(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    return np.add.reduceat(values, range(0, values.shape[axis], 2), axis)
