"""How a restored shape answers to the true one: multiplicative and additive bias of the reduced shear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.statistics import Bootstrap, Estimate

Array = NDArray[np.floating]
Floats = NDArray[np.float64]

FEWEST = 3
"""Sources without which no line is drawn."""


def shear_bias(measured: Array, true: Array, bootstrap: Bootstrap) -> tuple[Estimate, Estimate]:
    """``m`` and ``c`` of ``measured = (1 + m) true + c``, by least squares (Heymans et al. 2006, MNRAS 368, 1323).

    Parameters
    ----------
    measured, true : array, shape (N,)
        One component of each source; NaN where there is none.
    bootstrap : Bootstrap
        Of the same N.

    Returns
    -------
    m, c : Estimate
        Both nearest to 0 are best, and NaN with fewer than 3 sources or without any spread of the true shear.
    """
    known = np.isfinite(measured) & np.isfinite(true)
    x, y = np.asarray(true, np.float64)[known], np.asarray(measured, np.float64)[known]
    if len(x) < FEWEST or not np.ptp(x) > 0:
        nothing = Estimate(np.nan, np.nan, np.nan)
        return nothing, nothing
    slope, offset = _lines(x, y, np.ones((1, len(x))))
    slopes, offsets = _lines(x, y, bootstrap.weights[:, known])
    m = bootstrap.estimate(float(slope[0]) - 1, slopes - 1, known)
    return m, bootstrap.estimate(float(offset[0]), offsets, known)


def _lines(x: Floats, y: Floats, weights: NDArray[np.number]) -> tuple[Floats, Floats]:
    """Slope and offset of the line through the points under each row of weights, shape (count, N)."""
    moments = weights @ np.stack([np.ones_like(x), x, y, x * x, x * y], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mx, my, mxx, mxy = (moments[:, i] / moments[:, 0] for i in range(1, 5))
        spread = mxx - mx**2
        # A resampling that drew one source alone has no line.
        slope = np.where(spread > 1e-12 * mxx, (mxy - mx * my) / spread, np.nan)
    return slope, my - slope * mx
