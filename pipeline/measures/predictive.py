"""Whether a predictive distribution is honest and sharp: proper scores of its quantiles against what came."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Floats = NDArray[np.float64]


def interval_score(value: Array, lower: Array, upper: Array, level: float) -> Floats:
    """Width of a central interval, and a fine for each value that it misses (Gneiting and Raftery 2007, eq. 43).

    ``u - l + 2 / a (l - x)+ + 2 / a (x - u)+`` with ``a = 1 - level``: lower is better, and true quantiles are best.

    Parameters
    ----------
    value, lower, upper : array
        Of one shape and unit.
    level : float
        Such as 0.95.
    """
    fine = 2 / (1 - level)
    missed = np.maximum(lower - value, 0) + np.maximum(value - upper, 0)
    return np.asarray(upper - lower + fine * missed, np.float64)


def crps(value: Array, quantiles: Iterable[Array], probabilities: Floats) -> Floats:
    """Continuous ranked probability score of a distribution that is known by some quantiles, in the unit of the value.

    ``2 integral of (1{x < q} - p) (q - x) dp`` (Gneiting and Raftery 2007, section 4.2, by quantiles), by trapezes; the
    ends count as reaching to 0 and 1. Lower is better.

    Parameters
    ----------
    value : array
    quantiles : iterable of array, each of the value's shape
        One for each probability; one at a time is in memory.
    probabilities : array, shape (P,)
        Ascending.
    """
    bounds = np.concatenate([[0.0], (probabilities[1:] + probabilities[:-1]) / 2, [1.0]])
    total = np.zeros(np.shape(value))
    for quantile, p, weight in zip(quantiles, probabilities, np.diff(bounds)):
        total += 2 * weight * ((value < quantile) - p) * (quantile - value)
    return total


def crps_of_draws(value: Array, draws: Array) -> Floats:
    """Continuous ranked probability score of the distribution that independent draws come from (Ferro 2014, eq. 4).

    ``mean |x_i - y| - sum_{i, j} |x_i - x_j| / (2 n (n - 1))``, the "fair" score: its expectation does not depend on
    how many draws were taken; that of the draws' own steps exceeds it by ``1 / n`` of it for an honest distribution.

    Parameters
    ----------
    value : array
    draws : array, shape (n, *value.shape)
        Two or more.
    """
    n = len(draws)
    if n < 2:
        raise ValueError(f"crps_of_draws: {n} draws; two or more are needed")
    weights = (2 * np.arange(n) - (n - 1)) / (n * (n - 1))
    spread = np.tensordot(weights, np.sort(draws, axis=0), 1)
    return np.asarray(np.abs(draws - value).mean(0) - spread, np.float64)


def probability_transform(score: Array, quantiles: Floats, probabilities: Floats) -> Floats:
    """Probability that the distribution gave to a value as low as it came (PIT): uniform if it is honest.

    Parameters
    ----------
    score : array
    quantiles, probabilities : array, shape (P,)
        Beyond the outermost quantiles a value counts as in the middle of what is left.
    """
    found = np.interp(score, quantiles, probabilities)
    found = np.where(score < quantiles[0], probabilities[0] / 2, found)
    return np.where(score > quantiles[-1], (1 + probabilities[-1]) / 2, found)
