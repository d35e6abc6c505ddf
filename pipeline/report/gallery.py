"""Which held-out items the gallery shows, and their pixels: degraded, restored by each method, and the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from pipeline.image import Image, Pixels
from pipeline.splits import Item
from pipeline.store import ImageReader, read_images, read_restored
from pipeline.tiling import Window

CANDIDATES = 96
"""Test items that are looked through for sources; of more, evenly spaced ones."""
PIXELS = 7_000_000
"""Pixels of all pictures together: at about a byte each in JPEG the page stays below 12 MB."""
LARGEST, SMALLEST = 360, 64
"""Bounds on the sides of a picture in px."""


@dataclass(frozen=True)
class Exhibit:
    """One held-out item under one condition.

    Parameters
    ----------
    item : Item
        What is shown, in its test role.
    window : Window
        The part that is shown, in pixels of the image.
    truth : Image
        The original, within the window.
    restored : dict of str to array, shape (C, H, W)
        What each method made of it, within the window, in the unit of the truth; ``degraded`` is among them.
    """

    item: Item
    window: Window
    truth: Image
    restored: dict[str, Pixels]


def chosen_items(images: Path, splits: list[Item], sky: list[float], sky_sigma: list[float], count: int) -> list[Item]:
    """Pick the test items with the most sources, at most one per fold until every fold has one.

    Parameters
    ----------
    images : Path
        ``images.h5``.
    splits : list of Item
    sky, sky_sigma : list of float
        Level and noise of the truth's sky, per band.
    count : int
        How many to pick.
    """
    tests = [item for item in splits if item.role == "test"]
    tests = tests[:: max(math.ceil(len(tests) / CANDIDATES), 1)]
    with read_images(images) as reader:
        sources = {item.item: _peaks(reader.image(item.image, item.window), sky, sky_sigma) for item in tests}
    ranked = sorted(tests, key=lambda item: (-sources[item.item], item.item))
    first = {item.fold: item for item in reversed(ranked)}
    leaders = [item for item in ranked if first[item.fold] is item]
    rest = [item for item in ranked if first[item.fold] is not item]
    return (leaders + rest)[:count]


def items_and_side(conditions: int, methods: int) -> tuple[int, int]:
    """How many items a condition shows, and the largest side of a picture in px, so that the page stays small."""
    count = 2 if conditions <= 4 else 1
    pictures = max(conditions * count * (2 * methods + 1), 1)
    return count, int(min(max(math.sqrt(PIXELS / pictures), SMALLEST), LARGEST))


def exhibit(images: Path, restored: dict[str, Path], item: Item, side: int) -> Exhibit:
    """Read one item, cut to at most ``side`` pixels about its brightest part.

    Parameters
    ----------
    images : Path
        ``images.h5``.
    restored : dict of str to Path
        File of restored items per method; an item that a file lacks is left out.
    item : Item
    side : int
        Largest height and width in px.
    """
    with read_images(images) as reader:
        window = _brightest(reader, item, side)
        truth = reader.image(item.image, window)
    rows, columns = window.relative_to(item.window).slices
    pixels = {}
    for method, path in restored.items():
        with read_restored(path) as made:
            if item.item in made.items:
                pixels[method] = made.pixels(item.item)[:, rows, columns]
    return Exhibit(item, window, truth, pixels)


def _peaks(image: Image, sky: list[float], sky_sigma: list[float]) -> int:
    # In the mean of the bands, where noise is lowest: higher than all within 3 px, and than the sky by 5 sigma.
    level, sigma = float(np.mean(sky)), max(float(np.mean(sky_sigma)), 1e-12)
    trusted = ~image.mask.any(0)
    mean = np.where(trusted, image.pixels.mean(0), level)
    return int(((mean == maximum_filter(mean, 7)) & (mean > level + 5 * sigma)).sum())


def _brightest(reader: ImageReader, item: Item, side: int) -> Window:
    window = item.window
    height, width = min(window.height, side), min(window.width, side)
    if (height, width) == (window.height, window.width):
        return window
    light = np.clip(reader.image(item.image, window).pixels.mean(0), 0, None)
    sums = _box_sums(np.minimum(light, np.percentile(light, 99)), height, width)
    y, x = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return Window(window.y0 + int(y), window.x0 + int(x), height, width)


def _box_sums(values: NDArray[np.floating], height: int, width: int) -> NDArray[np.floating]:
    total = np.pad(values.astype(float), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
