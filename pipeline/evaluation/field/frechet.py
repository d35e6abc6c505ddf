"""The Fréchet distance of two sets of features, each taken for a normal distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COMPONENTS = 16
"""Principal components of the training sky's features that are compared: covariances of more need more patches."""


def frechet_distance(some: Floats, others: Floats) -> float:
    """``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`` (Dowson and Landau 1982; Heusel et al. 2017, section 2).

    Above zero even for two draws of one distribution, the more so the fewer they are: compare at equal numbers.

    Parameters
    ----------
    some, others : array, shape (N, F) and (M, F)
    """
    means = [x.mean(0) for x in (some, others)]
    one, other = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (some, others))
    # The eigenvalues of a product of two covariances are real and not negative, but for rounding.
    root = np.sqrt(np.maximum(np.linalg.eigvals(one @ other).real, 0)).sum()
    return float(((means[0] - means[1]) ** 2).sum() + np.trace(one) + np.trace(other) - 2 * root)


class Components:
    """The leading principal components of the training sky's features, each brought to unit variance of its feature.

    Parameters
    ----------
    training : array, shape (N, F)
    """

    def __init__(self, training: Floats) -> None:
        self._mean, self._spread = training.mean(0), np.maximum(training.std(0), 1e-9)
        standard = (training - self._mean) / self._spread
        _, size, axes = np.linalg.svd(standard, full_matrices=False)
        count = min(COMPONENTS, len(size))
        self._axes = axes[:count] / np.maximum(size[:count, None] / np.sqrt(len(training)), 1e-9)

    def apply(self, features: Floats) -> Floats:
        """Features, shape (N, F), as components of unit variance in the training sky, shape (N, K)."""
        return (features - self._mean) / self._spread @ self._axes.T
