"""Level and noise of the empty sky, by sigma clipping."""

from __future__ import annotations

import numpy as np
from astropy.stats import sigma_clipped_stats
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError

LARGEST_SAMPLE = 1_000_000


class SkyError(ClearfieldError):
    """A sky that cannot be measured."""


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
    flat = np.ravel(values)
    # An odd step, so that the sample does not fall on the same columns of every row.
    sample = flat[:: -(-flat.size // LARGEST_SAMPLE) | 1]
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        raise SkyError("no trusted pixel is left to measure the sky on; the mask leaves nothing of this band")
    _, level, sigma = sigma_clipped_stats(sample, sigma=3.0, maxiters=20, stdfunc="mad_std")
    return float(level), float(sigma)
