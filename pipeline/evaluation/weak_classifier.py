"""The weak classifier: logistic regression on how much detail a patch holds at every scale, and on its brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.measures.spectrum import power_spectrum

LEAST_POWER = 1e-12
"""Less power than this is float32's rounding."""
RIDGE = 1.0
"""Weight of the squared coefficients: they stay finite where the classes can be parted."""
ITERATIONS = 25

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
    mean, scatter = features.mean(0), np.maximum(features.std(0), 1e-9)
    weights = _fitted(np.column_stack([np.ones(len(features)), (features - mean) / scatter]), real)
    return (judged - mean) / scatter @ weights[1:]


def _fitted(x: Array, real: NDArray[np.bool_]) -> Array:
    """Maximum of the penalised likelihood by Newton's method (Hastie et al. 2009, section 4.4.1)."""
    weights, penalty = np.zeros(x.shape[1]), RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0
    for _ in range(ITERATIONS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (real - chance) - penalty @ weights
        # A little on the diagonal: where all is certain, nothing else would bend the level.
        bend = (x * (chance * (1 - chance))[:, None]).T @ x + penalty + 1e-6 * np.eye(len(weights))
        move = np.linalg.solve(bend, slope)
        weights = weights + move
        if abs(move).max() < 1e-8:
            break
    return weights
