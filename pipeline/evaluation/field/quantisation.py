"""One quantisation for both skies: a real one of 8 bits has steps that no generator should be found out by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.windowed import Plane, WindowedImage

FEWEST_LEVELS = 4096
"""A band with as many values is not quantised, or too finely to matter."""


def steps_of(pieces: Sequence[NDArray[np.floating]]) -> tuple[float, ...]:
    """The step between the values of each band; 0 where it has none.

    Parameters
    ----------
    pieces : sequence of array, shape (C, H, W)
        Of the real sky.
    """
    return tuple(
        _step(np.concatenate([piece[band].ravel() for piece in pieces])) for band in range(len(pieces[0]))
    )  # fmt: skip


def rounded(field: WindowedImage, steps: tuple[float, ...]) -> WindowedImage:
    """A field whose values are rounded to whole steps, band by band."""
    if not any(steps):
        return field

    def to_steps(band: int, _window: object, plane: Plane) -> Plane:
        step = np.float32(steps[band])
        return plane._replace(pixels=np.rint(plane.pixels / step) * step) if step else plane

    return field.changed(to_steps)


def _step(values: NDArray[np.floating]) -> float:
    levels = np.unique(values)
    if not 2 <= len(levels) < FEWEST_LEVELS:
        return 0.0
    gaps = np.diff(levels)
    step = float(np.median(gaps))
    # Levels that are no multiples of one step are not those of a quantised image.
    return step if np.allclose(gaps / step, np.rint(gaps / step), atol=0.05) else 0.0
