"""Level and noise of the empty sky, by sigma clipping."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from astropy.stats import sigma_clipped_stats
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError

LARGEST_SAMPLE = 1_000_000


class SkyError(ClearfieldError):
    """A sky that cannot be measured."""


Parts = Callable[[], Iterable[NDArray[np.floating]]]
"""Gives the values of a band in parts that memory holds, in the same order each time that it is called."""


def sky_level_and_sigma(values: NDArray[np.floating]) -> tuple[float, float]:
    """Median and standard deviation of what is left when sources have been clipped away at 3 sigma.

    Parameters
    ----------
    values : array, any shape
        Trusted pixels of one band; where there are more than a million, evenly spaced ones are taken.

    Returns
    -------
    level, sigma : float
        In the unit of ``values``; sigma is 0 where more than half of the sky has one value.

    Raises
    ------
    SkyError
        If there is no finite value.
    """
    return sky_of_parts(lambda: [values])


def sky_of_parts(parts: Parts) -> tuple[float, float]:
    """As :func:`sky_level_and_sigma`, of values that come in parts; how they are parted makes no difference."""
    sample = evenly_spaced(parts)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        raise SkyError("no trusted pixel is left to measure the sky on; the mask leaves nothing of this band")
    _, level, sigma = sigma_clipped_stats(sample, sigma=3.0, maxiters=20, stdfunc="mad_std")
    return float(level), float(sigma)


def evenly_spaced(parts: Parts) -> NDArray[np.floating]:
    """A million of all values at most, evenly spaced, shape (N,); of fewer, all."""
    # An odd step, so that the sample does not fall on the same columns of every row.
    step = -(-sum(part.size for part in parts()) // LARGEST_SAMPLE) | 1
    sample, passed = [], 0
    for part in parts():
        sample.append(np.ravel(part)[-passed % step :: step].copy())  # a view would hold all of the part
        passed += part.size
    return np.concatenate(sample)
