"""Whether a magnetic resonance image was interpolated: scanners pad k-space with zeros, and such pixels are not new."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STEP = 3.0
"""The power of a spectrum falls by less than this within a few lines, if it is not cut off there."""
_FIRST, _GAP = 1 / 8, 2


class EmptyKSpace(NamedTuple):
    """How much of the k-space of an image is empty."""

    rows: float
    """Share of frequencies along the height, 0 to 1."""
    columns: float
    """Share of frequencies along the width."""
    whole: float
    """Share of k-space."""


def empty_kspace(image: NDArray[np.floating]) -> EmptyKSpace:
    """Share of the k-space of an image that holds nothing, as far as an edge in its power shows it.

    Along each axis the power, summed over the other, is searched for the sharpest fall. A fall by a factor of 3 within
    a few lines, which was none before and after which there is no more, is the edge of what was measured. It is found
    to about 3 of 100 lines. A magnitude is not quite as narrow as what it was taken of, so that the rest is not quite
    empty. Not found are a k-space that was weighted down smoothly, one half of which was left out, and interpolation by
    more than a factor of 8.

    Parameters
    ----------
    image : array, shape (H, W)
        A whole slice with its noise; of a crop the edges are less sharp.
    """
    height, width = image.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    power = np.square(np.abs(np.fft.fft2((image - image.mean()) * window)))
    rows, columns = (_empty_share(power.sum(axis)) for axis in (1, 0))
    return EmptyKSpace(rows, columns, 1 - (1 - rows) * (1 - columns))


def _empty_share(power: NDArray[np.floating]) -> float:
    half = len(power) // 2
    # Positive and negative frequencies together, 0 first.
    profile = (power[:half] + np.roll(power[::-1], 1)[:half]) / 2
    wide = max(half // 32, 3)
    best, edge, tiny = STEP, half, np.finfo(float).tiny
    for place in range(max(int(half * _FIRST), 2 * wide + 2 * _GAP + 2), half - wide - _GAP + 1):
        inside = profile[place - _GAP - wide : place - _GAP].mean()
        before = profile[max(place - 2 * _GAP - 2 * wide, 1) : place - 2 * _GAP - wide].mean()
        # Of a blurred image the power falls everywhere.
        fall = min(inside / max(before, tiny), 1) * inside / max(profile[place + _GAP :].max(), tiny)
        if fall > best:
            best, edge = fall, place
    return 1 - edge / half
