"""The exact median of values that come in parts, of which memory holds one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.image import Pixels

Parts = Callable[[], Iterable[Pixels]]


def median_of_parts(parts: Parts) -> float:
    """Median of single-precision values that are not negative, such as those of a noise map.

    The bits of such numbers, read as integers, are in the order of the numbers. So the upper half of the bits is
    counted first, and then the lower half of the values that share the median's upper half.

    Parameters
    ----------
    parts : callable
        Gives the values in parts of any shape, the same each time that it is called.

    Returns
    -------
    float
        NaN where there is no value.
    """
    upper = _counted(bits >> 16 for bits in _bits(parts))
    count = int(upper.sum())
    if not count:
        return float("nan")
    # Of an even number of values there are two in the middle.
    middle = [_value(parts, upper, rank) for rank in {(count - 1) // 2, count // 2}]
    return float(np.mean(np.array(middle, np.float32)))


def _value(parts: Parts, upper: NDArray[np.intp], rank: int) -> np.float32:
    """The value that has ``rank`` others before it."""
    passed = np.cumsum(upper)
    half = int(np.searchsorted(passed, rank, side="right"))
    rank -= int(passed[half - 1]) if half else 0
    lower = _counted(bits[bits >> 16 == half] & 0xFFFF for bits in _bits(parts))
    rest = int(np.searchsorted(np.cumsum(lower), rank, side="right"))
    return np.uint32((half << 16) + rest).view(np.float32)


def _bits(parts: Parts) -> Iterable[NDArray[np.uint32]]:
    # Adding 0 makes 0 of -0.
    return ((np.ravel(part).astype(np.float32) + np.float32(0)).view(np.uint32) for part in parts())


def _counted(halves: Iterable[NDArray[np.integer]]) -> NDArray[np.intp]:
    counts = np.zeros(2**16, np.intp)
    for half in halves:
        counts += np.bincount(half, minlength=2**16)
    return counts
