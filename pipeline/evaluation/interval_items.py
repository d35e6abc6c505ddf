"""The pixels of one item for which intervals are made and judged: truth, estimate, spread, and who they count for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.evaluation.calibration import CONSTANT, PIXELS, CalibrationScores
from pipeline.evaluation.scoring import inner_window
from pipeline.image import Image, Pixels
from pipeline.observation import Observation
from pipeline.restorers.spread import SpreadEstimator
from pipeline.splits import Item
from pipeline.stretch import Stretch
from pipeline.tiling import Window, read_reflected

Floats = NDArray[np.float64]

CELL, MOST_CELLS = 32, 4096
"""Where one large image is all there is, squares of its sky count as groups: of 32 px, since what is nearer than that
is kept out of each other's roles too, or of more where these would be too many. Such intervals hold for this field."""


@dataclass(frozen=True, eq=False)
class RestoredItem:
    """An item as it was restored, and what is known of its errors; arrays of shape (C, H, W) over the item's window.

    Parameters
    ----------
    restored : array
        In the unit of the image.
    estimate, spread : array
        The same, and what its errors are measured in, in stretched units.
    snr : array
        As the data have it; see :class:`~pipeline.restorers.spread.SpreadTile`.
    stretch : Stretch
    """

    restored: Pixels
    estimate: Pixels
    spread: Pixels
    snr: Pixels
    stretch: Stretch

    def bound(self, quantile: NDArray[np.floating]) -> Floats:
        """The value that lies so many spreads above the estimate, in the unit of the image."""
        shifted = torch.from_numpy(self.estimate + np.asarray(quantile, np.float32) * self.spread)
        return self.stretch.invert(shifted).double().numpy()


@dataclass(frozen=True, eq=False)
class JudgedPixels:
    """Pixels whose truth is known, of all bands in a row: arrays of shape (N,).

    Parameters
    ----------
    truth, restored : array
        In the unit of the image.
    target, estimate, spread : array
        In stretched units.
    snr : array
    band : array, int
    unit : array, int
        Number of the group among ``units``.
    units : list of str
    stretch : Stretch
    """

    truth: Floats
    restored: Floats
    target: Floats
    estimate: Floats
    spread: Floats
    snr: Floats
    band: NDArray[np.intp]
    unit: NDArray[np.intp]
    units: list[str]
    stretch: Stretch

    @property
    def score(self) -> Floats:
        """Errors in units of their spread."""
        return (self.target - self.estimate) / self.spread

    def value(self, stretched: Floats) -> Floats:
        """Stretched values, one for each pixel, in the unit of the image."""
        offset, softening = (np.array(v)[self.band] for v in (self.stretch.offset, self.stretch.softening))
        return (np.sinh(stretched) if self.stretch.kind == "asinh" else stretched) * softening + offset


def restored_item(
    estimator: SpreadEstimator, core: Pixels, seen: Observation, item: Item, context: Window
) -> RestoredItem:
    """Say how far a restored item is off.

    Parameters
    ----------
    estimator : SpreadEstimator
    core : array, shape (C, H, W)
        The item's window, restored.
    seen : Observation
        What the restorer saw: the window and its surroundings, or a slice.
    item : Item
    context : Window
        Of the observation, within the image.
    """
    around = np.ascontiguousarray(read_reflected(core, context.relative_to(item.window)))
    planes = [np.empty(around.shape, np.float32) for _ in range(3)]
    for tile in estimator.of(seen.preview.with_pixels(around), seen):
        for plane, values in zip(planes, (tile.estimate, tile.spread, tile.snr)):
            plane[(..., *tile.window.slices)] = values
    inner = (..., *item.window.relative_to(context).slices)
    estimate, spread, snr = (plane[inner] for plane in planes)
    return RestoredItem(core, estimate, spread, snr, estimator.preparation.stretch)


def judged_pixels(
    made: RestoredItem, truth: Image, item: Item, size: tuple[int, int], halo: int, cell: int
) -> JudgedPixels:
    """The pixels of an item that count: known in the truth, and no nearer to the image's border than the PSF reaches.

    Parameters
    ----------
    made : RestoredItem
    truth : Image, shape (C, H, W)
        The item's window of the truth.
    item : Item
    size : (int, int)
        Height and width of the whole image.
    halo : int
        The operator's.
    cell : int
        Width in px of the squares that count as groups; see :func:`cell_of`.
    """
    counts = np.zeros(truth.shape, bool)
    inner = (slice(None), *inner_window(item.window, size, halo).slices)
    counts[inner] = ~truth.mask[inner]
    numbers, units = units_of(item, cell)
    target = made.stretch.apply(torch.from_numpy(truth.pixels)).numpy()
    band = np.broadcast_to(np.arange(len(truth.pixels))[:, None, None], truth.shape)
    unit = np.broadcast_to(numbers, truth.shape)[counts]

    def flat(plane: Pixels) -> Floats:
        return plane[counts].astype(np.float64)

    return JudgedPixels(
        flat(truth.pixels), flat(made.restored), flat(target), flat(made.estimate), flat(made.spread), flat(made.snr),
        band[counts], unit, units, made.stretch,
    )  # fmt: skip


def cell_of(sizes: Sequence[tuple[int, int]]) -> int:
    """Width in px of the squares of sky that count as groups of a study with images of such sizes; 0 of several."""
    return 0 if len(sizes) > 1 else max(CELL, math.ceil(math.sqrt(math.prod(sizes[0]) / MOST_CELLS)))


def units_of(item: Item, cell: int) -> tuple[NDArray[np.intp], list[str]]:
    """For each pixel of an item, shape (H, W), the number of the group that it counts for, and the groups' names."""
    window = item.window
    if not cell:
        return np.zeros((window.height, window.width), np.intp), [item.group]
    rows, columns = (np.arange(a, b) // cell for a, b in ((window.y0, window.y1), (window.x0, window.x1)))
    across = columns.max() - columns.min() + 1
    numbers = (rows - rows.min())[:, None] * across + (columns - columns.min())
    names = [f"{item.image}/{y}/{x}" for y in np.unique(rows) for x in np.unique(columns)]
    return numbers, names


def count_pixels(scores: CalibrationScores, pixels: JudgedPixels, bands: tuple[str, ...]) -> None:
    """Take the errors of some pixels into a calibration, and into that of intervals of constant width."""
    softening = np.array(pixels.stretch.softening)[pixels.band]
    plain = (pixels.truth - pixels.restored) / softening
    nowhere = np.zeros_like(plain)
    for number, unit in enumerate(pixels.units):
        own = pixels.unit == number
        scores.of(PIXELS).add(unit, pixels.score[own], pixels.snr[own])
        for band, name in enumerate(bands):
            of_band = own & (pixels.band == band)
            scores.of(f"{CONSTANT}_{name}").add(unit, plain[of_band], nowhere[of_band])
