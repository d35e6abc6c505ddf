"""One quantisation for both skies: a real one of 8 bits has levels that no generator should be found out by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.windowed import Plane, WindowedImage

FEWEST_LEVELS = 4096
"""A band with as many values is not quantised, or too finely to matter."""


class Levels(NamedTuple):
    """The values that a band can have: ``offset`` and whole steps from there; any value where ``step`` is 0."""

    step: float
    offset: float


ANY = Levels(0.0, 0.0)


def levels_of(pieces: Sequence[NDArray[np.floating]]) -> tuple[Levels, ...]:
    """The levels of each band.

    Parameters
    ----------
    pieces : sequence of array, shape (C, H, W)
        Of the real sky; NaN where masked.
    """
    return tuple(
        _levels(np.concatenate([piece[band].ravel() for piece in pieces])) for band in range(len(pieces[0]))
    )  # fmt: skip


def rounded(field: WindowedImage, levels: tuple[Levels, ...]) -> WindowedImage:
    """A field whose values are rounded to levels, band by band."""
    if all(each == ANY for each in levels):
        return field

    def to_levels(band: int, _window: object, plane: Plane) -> Plane:
        step, offset = map(np.float32, levels[band])
        return plane._replace(pixels=np.rint((plane.pixels - offset) / step) * step + offset) if step else plane

    return field.changed(to_levels)


def _levels(values: NDArray[np.floating]) -> Levels:
    levels = np.unique(values[np.isfinite(values)])
    if not 2 <= len(levels) < FEWEST_LEVELS:
        return ANY
    gaps = np.diff(levels)
    step = float(np.median(gaps))
    # Values that do not lie whole steps apart are not those of a quantised image.
    if not np.allclose(gaps / step, np.rint(gaps / step), atol=0.05):
        return ANY
    # Any level will do, and one in the middle has lost the fewest digits.
    return Levels(step, float(levels[len(levels) // 2]))
