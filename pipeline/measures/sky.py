"""Level and noise of the empty sky, by sigma clipping."""

from __future__ import annotations

import numpy as np
from astropy.stats import sigma_clipped_stats
from numpy.typing import NDArray

LARGEST_SAMPLE = 1_000_000


def sky_level_and_sigma(values: NDArray[np.floating]) -> tuple[float, float]:
    """Median and standard deviation of what is left when sources have been clipped away at 3 sigma.

    Parameters
    ----------
    values : array, any shape
        Trusted pixels of one band; where there are more than a million, evenly spaced ones are taken.

    Returns
    -------
    level, sigma : float
        In the unit of ``values``.
    """
    flat = np.ravel(values)
    sample = flat[:: max(flat.size // LARGEST_SAMPLE, 1)]
    _, level, sigma = sigma_clipped_stats(sample, sigma=3.0, maxiters=20, stdfunc="mad_std")
    return float(level), float(sigma)
