"""Lesions that are put into slices before these are scanned, and what is read at their places afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from pipeline.config import Lesion
from pipeline.image import Image

SUBPIXELS = 64
"""Of a pixel along each axis, by which the share of it that a disk covers is told."""
LEAST_PATCH = 15
"""Width in px of what a reader sees of a lesion, at least ..."""
DIAMETERS = 4
"""... and in diameters of the lesion."""


@dataclass(frozen=True)
class Disk:
    """A round lesion on the grid of a slice.

    Parameters
    ----------
    radius : float
        In px.
    """

    radius: float

    @classmethod
    def of(cls, settings: Lesion, pixel_mm: float) -> Disk:
        """The lesion of a study on pixels of some width."""
        return cls(settings.diameter_mm / 2 / pixel_mm)

    @property
    def patch(self) -> int:
        """Width in px, odd, of what a reader sees about its middle."""
        return max(LEAST_PATCH, 2 * math.ceil(DIAMETERS * self.radius) + 1)

    @cached_property
    def cover(self) -> NDArray[np.float64]:
        """The share of each pixel of a patch that it covers."""
        fine = (np.arange(self.patch * SUBPIXELS) + 0.5) / SUBPIXELS - self.patch / 2
        inside = np.hypot(*np.meshgrid(fine, fine)) <= self.radius
        return inside.reshape(self.patch, SUBPIXELS, self.patch, SUBPIXELS).mean((1, 3))


Places = list[tuple[int, int]]
"""Rows and columns of middles."""


def places(truth: Image, disk: Disk, inside: tuple[float, float], most: int, random: np.random.Generator) -> Places:
    """Where lesions fit: wholly in a tissue, a pixel and more from its border, none in the patch of another.

    Parameters
    ----------
    truth : Image
        A slice; what was taken off it is given back before the tissue is looked for.
    disk : Disk
    inside : tuple of float
        Least and greatest value of the tissue, in every band.
    most : int
        Lesions at most.
    random : Generator

    Returns
    -------
    list of (int, int)
        Fewer where there is no room.
    """
    zero = 0.0 if truth.background is None else truth.background
    low, high = inside
    tissue = ((truth.pixels + zero >= low) & (truth.pixels + zero <= high) & ~truth.mask).all(0)
    reach = math.ceil(disk.radius) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    free = binary_erosion(tissue, np.hypot(y, x) <= disk.radius + 1)
    half = disk.patch // 2
    free[:half], free[:, :half], free[free.shape[0] - half :], free[:, free.shape[1] - half :] = (False,) * 4
    found: Places = []
    while len(found) < most and free.any():
        rows, columns = free.nonzero()
        k = int(random.integers(len(rows)))
        row, column = int(rows[k]), int(columns[k])
        found.append((row, column))
        # The next one's patch ends before this one's disk.
        apart = half + reach
        free[max(row - apart, 0) : row + apart + 1, max(column - apart, 0) : column + apart + 1] = False
    return found


def with_lesions(truth: Image, disk: Disk, contrast: float, where: Places) -> Image:
    """The slice with lesions that add ``contrast`` in all of its bands."""
    pixels, half = truth.pixels.copy(), disk.patch // 2
    for row, column in where:
        pixels[:, row - half : row + half + 1, column - half : column + half + 1] += contrast * disk.cover
    return truth.with_pixels(pixels)


def patches(pixels: NDArray[np.floating], disk: Disk, where: Places) -> NDArray[np.floating]:
    """What is seen at some places, shape (N, C, W, W)."""
    half = disk.patch // 2
    return np.stack(
        [pixels[:, row - half : row + half + 1, column - half : column + half + 1] for row, column in where]
    )


def amplitude(patches: NDArray[np.floating], disk: Disk) -> NDArray[np.float64]:
    """How much of a disk of height 1 is in each patch by least squares, mean over bands, shape (N,).

    What lies beneath adds to it; between the same places with and without a lesion the difference is its contrast.
    """
    cover = disk.cover
    found: NDArray[np.float64] = (patches * cover).sum((-2, -1)).mean(1) / np.square(cover).sum()
    return found
