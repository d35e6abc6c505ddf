"""Which pixels of a slice are of a body, and which lie well inside some tissue of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, binary_fill_holes, label

FAINTEST = 0.1
"""Of the values of a body, as a share of its bright ones."""

Mask = NDArray[np.bool_]


def body_mask(plane: NDArray[np.floating]) -> Mask:
    """Pixels of the largest body in a slice, what it encloses with it.

    Parameters
    ----------
    plane : array, shape (H, W)
        Without noise or nearly so, 0 where there is nothing.

    Returns
    -------
    array, shape (H, W), bool
        All False where a slice is empty.
    """
    bright = np.percentile(plane, 99.5)
    if bright <= 0:
        return np.zeros(plane.shape, bool)
    parts, count = label(plane > FAINTEST * bright)
    if not count:
        return np.zeros(plane.shape, bool)
    largest = 1 + int(np.bincount(parts.ravel())[1:].argmax())
    return np.asarray(binary_fill_holes(parts == largest), bool)


def inside_tissue(plane: NDArray[np.floating], low: float, high: float) -> Mask:
    """Pixels of a slice whose value, and that of their eight neighbours, lies between two values.

    Beyond the border of the slice there is no tissue.
    """
    return np.asarray(binary_erosion((plane >= low) & (plane <= high), np.ones((3, 3))), bool)


def body_of(pixels: NDArray[np.floating]) -> Mask:
    """Pixels of the body in a slice of any unit, shape (C, H, W), by its first band; shape (H, W).

    What is least is taken for nothing: air, in CT and in magnetic resonance.
    """
    plane = pixels[0]
    return body_mask(plane - plane.min())
