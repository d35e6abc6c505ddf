"""How far the means of two sets of blocks are apart, in their own scatter: for histograms, counts and spectra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.finding import TAILS, Finding, perfect_range, share_as_far
from pipeline.physics.noise import addressed_random

RESAMPLINGS = 400

Floats = NDArray[np.float64]


def chi_square(real: Floats, synthetic: Floats) -> float:
    """``d^T C^-1 d / K`` of the difference d of the mean vectors, with C its covariance by the scatter of the blocks.

    Each mean has the scatter of its own sky's blocks (Welch 1947, Biometrika 34, 28): a field without structure on wide
    scales scatters less, and must not lend its certainty to the real sky. The correlations are drawn towards none by
    ``K / (K + N)``, without which a covariance of K numbers by few blocks has no inverse (Ledoit and Wolf 2004, J.
    Multivar. Anal. 88, 365, for why). About 1 where nothing differs.

    Parameters
    ----------
    real, synthetic : array, shape (N, K) and (M, K)
        A vector per block.
    """
    n, m, k = len(real), len(synthetic), real.shape[1]
    covariance = sum(np.atleast_2d(np.cov(sky.T)) / len(sky) for sky in (real, synthetic))
    shrunk = k / (k + n + m)
    spread = np.diag(covariance).copy()
    # A bin that no block fills says nothing.
    told = spread > 1e-12 * max(spread.max(), 1e-300)
    if not told.any():
        return 0.0
    covariance = (1 - shrunk) * covariance + shrunk * np.diag(spread)
    difference = (real.mean(0) - synthetic.mean(0))[told]
    inverse = np.linalg.solve(covariance[np.ix_(told, told)], difference)
    return float(difference @ inverse / told.sum())


def mean_finding(part: str, quantity: str, band: str, real: Floats, synthetic: Floats, *address: object) -> Finding:
    """The chi-square with its interval, beside that of a perfect generator, whose blocks are drawn from the real ones.

    ``value`` grows with the number of blocks where skies differ: it says how surely they do, curves say by how much.
    """
    value = chi_square(real, synthetic)
    random = addressed_random(*address, part, quantity, band)
    n, m = len(real), len(synthetic)
    again, perfect = np.empty(RESAMPLINGS), np.empty(RESAMPLINGS)
    for i in range(RESAMPLINGS):
        drawn = real[random.integers(0, n, n)]
        again[i] = chi_square(drawn, synthetic[random.integers(0, m, m)])
        perfect[i] = chi_square(drawn, real[random.integers(0, n, m)])
    low, high = np.maximum(value + np.percentile(again, TAILS) - np.median(again), 0)
    return Finding(
        part, quantity, band, value, float(low), float(high), *perfect_range(perfect), share_as_far(value, perfect), m
    )
