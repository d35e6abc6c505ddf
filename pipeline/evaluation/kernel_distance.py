"""Kernel distance: how far apart two sets of images are as distributions of features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DEGREE = 3


def kernel_distance(some: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy with the kernel ``(x . y / F + 1)^3``.

    Bińkowski et al. 2018, "Demystifying MMD GANs", ICLR, section 4. About 0, and as often below, for two draws of one
    distribution, however few they are.

    Parameters
    ----------
    some, others : array, shape (N, F) and (M, F)
        Features, each of about unit variance; two of each at least.
    """
    within, beside = _kernel(some, some), _kernel(others, others)
    n, m = len(some), len(others)
    own = (within.sum() - np.trace(within)) / (n * (n - 1)) + (beside.sum() - np.trace(beside)) / (m * (m - 1))
    return float(own - 2 * _kernel(some, others).mean())


def _kernel(x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float64]:
    return (x.astype(np.float64) @ y.T / x.shape[1] + 1) ** DEGREE
