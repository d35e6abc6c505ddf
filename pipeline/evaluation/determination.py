"""How much of what is true of sources the measured values account for: r squared about the line measured = true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.statistics import Bootstrap, Estimate

Floats = NDArray[np.float64]

FEWEST = 3
"""Sources without which there is no r squared."""


def log_error(measured: Floats, true: Floats) -> Floats:
    """``log10 measured - log10 true``, since light and size span decades; NaN where either is not above 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((measured > 0) & (true > 0), measured / true, np.nan)
        return np.log10(ratio)


def r_squared(error: Floats, true: Floats, bootstrap: Bootstrap) -> Estimate:
    """``1 - sum(error^2) / sum((log10 true - mean)^2)``, the coefficient of determination without any refit.

    A bias lowers it, as scatter does: 1 is perfect, 0 as good as the mean of the true values, below 0 worse than that.

    Parameters
    ----------
    error : array, shape (N,)
        What :func:`log_error` gave; NaN where there is none.
    true : array, shape (N,)
        True values.
    bootstrap : Bootstrap
        Of the same N.

    Returns
    -------
    Estimate
        NaN with fewer than 3 sources, or where all true values are equal.
    """
    known = np.isfinite(error)
    if np.count_nonzero(known) < FEWEST:
        return Estimate(np.nan, np.nan, np.nan)
    x, e = np.log10(np.asarray(true, np.float64)[known]), error[known]
    # About the mean: moments of numbers far from zero would lose their digits.
    x = x - x.mean()
    value = float(_of(x, e, np.ones((1, len(x))))[0])
    found = bootstrap.estimate(value, _of(x, e, bootstrap.weights[:, known]), known)
    return Estimate(value, found.low, min(found.high, 1.0))


def _of(x: Floats, e: Floats, weights: NDArray[np.number]) -> Floats:
    """Under each row of weights, shape (count,)."""
    count, mean, square, residual = (weights @ np.stack([np.ones_like(x), x, x * x, e * e], 1)).T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = square - mean**2 / count
        return np.where(spread > 1e-12 * np.maximum(square, 1e-30), 1 - residual / spread, np.nan)
