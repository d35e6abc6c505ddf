"""How each pixel follows from its neighbours: what upsampling and convolution leave in an image, whatever it shows.

After Guarnera, Giudice and Battiato 2020, "DeepFake detection by analyzing convolutional traces" (CVPR workshops),
section 4, who take the expectation-maximisation of Popescu and Farid 2005 (IEEE Trans. Signal Process. 53, 758).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RADIUS = 2
"""Neighbours within so many rows and columns (N of the paper, which tries 1 to 3)."""
ITERATIONS = 12
"""After which most kernels move by less than a hundredth."""
RIDGE = 1e-6
"""Share of the neighbours' mean variance that is added to it: what is smooth has no kernel of its own otherwise."""
TOGETHER = 2**22
"""Values of neighbours that are held at once."""

Floats = NDArray[np.float64]


def local_correlation(planes: NDArray[np.floating], radius: int = RADIUS) -> Floats:
    """Fit ``I[x, y] = sum of k[s, t] I[x + s, y + t]`` to planes, each for itself, outliers left out.

    A pixel either follows its neighbours up to a Gaussian residual R, or has any value of the plane's range. The E step
    gives the probability of the first, ``w = g(R) / (g(R) + 1 / range)``; the M step is least squares weighted by w,
    and ``sigma^2 = sum(w R^2) / sum(w)``. It begins with equal weights in place of the paper's random kernel, so that
    the result is a function of the plane. The mean is taken off first. A plane of one value has a kernel of zeros.

    Parameters
    ----------
    planes : array, shape (N, H, W)
        Finite; at least 4 radius + 2 px wide and high.
    radius : int

    Returns
    -------
    array, shape (N, K, K)
        Kernels, with K = 2 radius + 1, and 0 in the middle.

    Raises
    ------
    ValueError
        If the planes are smaller.
    """
    if min(planes.shape[1:]) < 4 * radius + 2:
        raise ValueError(f"planes of {planes.shape[1:]} px; {4 * radius + 2} are needed for a radius of {radius}")
    pixels = (planes.shape[1] - 2 * radius) * (planes.shape[2] - 2 * radius)
    step = max(TOGETHER // (pixels * (2 * radius + 1) ** 2), 1)
    return np.concatenate([_fitted(planes[at : at + step], radius) for at in range(0, len(planes), step)])


def unexplained(plane: NDArray[np.floating], kernel: Floats) -> Floats:
    """What is left of a plane, shape (H, W), when each pixel's neighbours are taken off by a kernel of shape (K, K).

    The border, whose neighbours are not known, is left out: shape (H - K + 1, W - K + 1).
    """
    values, radius = plane.astype(np.float64), len(kernel) // 2
    height, width = (size - 2 * radius for size in values.shape)
    left = values[radius : radius + height, radius : radius + width].copy()
    for (down, right), weight in np.ndenumerate(kernel):
        if weight:
            left -= weight * values[down : down + height, right : right + width]
    return left


def _fitted(planes: NDArray[np.floating], radius: int) -> Floats:
    width = 2 * radius + 1
    values = planes.astype(np.float64)
    values -= values.mean((1, 2), keepdims=True)
    around = np.lib.stride_tricks.sliding_window_view(values, (width, width), (1, 2)).reshape(len(planes), -1, width**2)
    middle = width**2 // 2
    pixel, neighbours = around[..., middle], np.delete(around, middle, -1)
    span = np.ptp(values, (1, 2))[:, None]
    least = np.maximum(1e-9 * span, np.finfo(float).tiny)
    weights = np.ones_like(pixel)
    for _ in range(ITERATIONS):
        kernel = _least_squares(neighbours, pixel, weights)
        residual = pixel - (neighbours @ kernel[..., None])[..., 0]
        variance = (weights * residual**2).sum(1, keepdims=True) / np.maximum(weights.sum(1, keepdims=True), 1e-9)
        sigma = np.maximum(np.sqrt(variance), least)
        following = np.exp(-0.5 * (residual / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
        weights = following / (following + 1 / np.maximum(span, least))
    return np.insert(kernel, middle, 0, -1).reshape(-1, width, width)


def _least_squares(neighbours: Floats, pixel: Floats, weights: Floats) -> NDArray[np.floating]:
    weighted = (neighbours * weights[..., None]).swapaxes(1, 2)
    products = weighted @ neighbours
    count = products.shape[-1]
    level = np.trace(products, axis1=1, axis2=2) / count
    products[:, range(count), range(count)] += np.maximum(RIDGE * level, np.finfo(float).tiny)[:, None]
    return np.linalg.solve(products, weighted @ pixel[..., None])[..., 0]
