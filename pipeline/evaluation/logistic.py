"""Logistic regression with a ridge: how likely a thing is of one of two kinds, learned from such as are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RIDGE = 1.0
"""Weight of the squared coefficients: they stay finite where the classes can be parted."""
ITERATIONS = 25

Array = NDArray[np.float64]


def log_odds(features: Array, first: NDArray[np.bool_], judged: Array) -> Array:
    """Learn from things which are of the first kind, and say of others how likely they are.

    Parameters
    ----------
    features : array, shape (N, F)
        Each is brought to mean 0 and standard deviation 1.
    first : array, shape (N,)
    judged : array, shape (M, F)

    Returns
    -------
    array, shape (M,)
        Above 0 where the first kind is more likely, as far as both are as frequent as among the N.
    """
    mean, scatter = features.mean(0), np.maximum(features.std(0), 1e-9)
    weights = _fitted(np.column_stack([np.ones(len(features)), (features - mean) / scatter]), first)
    return weights[0] + (judged - mean) / scatter @ weights[1:]


def _fitted(x: Array, first: NDArray[np.bool_]) -> Array:
    """Maximum of the penalised likelihood by Newton's method (Hastie et al. 2009, section 4.4.1)."""
    weights, penalty = np.zeros(x.shape[1]), RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0
    for _ in range(ITERATIONS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (first - chance) - penalty @ weights
        # A little on the diagonal: where all is certain, nothing else would bend the level.
        bend = (x * (chance * (1 - chance))[:, None]).T @ x + penalty + 1e-6 * np.eye(len(weights))
        move = np.linalg.solve(bend, slope)
        weights = weights + move
        if abs(move).max() < 1e-8:
            break
    return weights
