"""The weak classifier: logistic regression on how much detail a patch holds at every scale, and on its brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.logistic import log_odds
from pipeline.measures.spectrum import power_spectrum

LEAST_POWER = 1e-12
"""Less power than this is float32's rounding."""

Array = NDArray[np.float64]


def describe(patches: NDArray[np.floating]) -> Array:
    """Logarithm of the radial power spectrum, mean, scatter and brightest value; means over the bands.

    Parameters
    ----------
    patches : array, shape (N, C, H, W)

    Returns
    -------
    array, shape (N, F)
    """
    count, bands, height, width = patches.shape
    power = power_spectrum(patches.reshape(count * bands, height, width)).power.reshape(count, bands, -1)
    spectrum = np.log10(np.maximum(power, LEAST_POWER)).mean(1)
    values = patches.astype(np.float64)
    plain = [values.mean((-2, -1)), values.std((-2, -1)), values.max((-2, -1))]
    return np.column_stack([spectrum, *(v.mean(1) for v in plain)])


def judge(features: Array, real: NDArray[np.bool_], judged: Array, _address: tuple[object, ...] = ()) -> Array:
    """Learn from described patches which are real, and say of others how real they look.

    Parameters
    ----------
    features : array, shape (N, F)
    real : array, shape (N,)
    judged : array, shape (M, F)

    Returns
    -------
    array, shape (M,)
        The higher, the more real.
    """
    return log_odds(features, real, judged)
