"""Mean power spectra of restored items and of their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.spectrum import Spectrum, power_spectrum
from pipeline.splits import Item
from pipeline.store import read_images, read_restored

MOST_ITEMS = 24
"""Items that a mean is taken over; of more, evenly spaced ones."""


@dataclass(frozen=True)
class MeanSpectra:
    """Spectra of one condition.

    Parameters
    ----------
    frequency : array, shape (N,)
        In cycles/px.
    truth : array, shape (N,)
        Power of the truth, averaged over items and bands, in the square of the unit.
    restored : dict of str to array, shape (N,)
        The same of each method.
    items : int
        How many items the means are taken over.
    """

    frequency: NDArray[np.float64]
    truth: NDArray[np.float64]
    restored: dict[str, NDArray[np.float64]]
    items: int


def mean_spectra(images: Path, restored: dict[str, Path], splits: list[Item]) -> MeanSpectra | None:
    """Average the spectra of the test items that every file holds; None where there is none above 16 px.

    Pixels that are masked in the truth are set to the truth in every image, so that they make no difference.
    """
    held = {
        item.item: item for item in splits if item.role == "test" and min(item.window.height, item.window.width) >= 16
    }
    for path in restored.values():
        with read_restored(path) as made:
            here = set(made.items)
            held = {name: item for name, item in held.items() if name in here}
    items = list(held.values())[:: max(-(-len(held) // MOST_ITEMS), 1)]
    if not items or not restored:
        return None
    grid = _grid(items)
    with read_images(images) as reader:
        truths = {item.item: reader.image(item.image, item.window) for item in items}
    sums = {}
    for method, path in restored.items():
        with read_restored(path) as made:
            filled = [np.where(truths[i.item].mask, truths[i.item].pixels, made.pixels(i.item)) for i in items]
        sums[method] = np.mean([_on(grid, power_spectrum(pixels)) for pixels in filled], 0)
    truth = np.mean([_on(grid, power_spectrum(image.pixels)) for image in truths.values()], 0)
    return MeanSpectra(grid, truth, sums, len(items))


def _grid(items: list[Item]) -> NDArray[np.float64]:
    # The rings of the smallest item: no ring of a larger one is stretched over several.
    size = min(min(item.window.height, item.window.width) for item in items)
    return np.arange(1, size // 2 + 1) / size


def _on(grid: NDArray[np.float64], spectrum: Spectrum) -> NDArray[np.float64]:
    return np.interp(grid, spectrum.frequency, spectrum.power.mean(0))
