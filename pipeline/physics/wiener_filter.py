"""Wiener's filter across bands as finite kernels: the best linear estimate of scenes whose power spectra are known."""

from __future__ import annotations

import torch
from torch import Tensor


def grid_of(radius: int, width: int) -> int:
    """Pixels across the periodic grid on which a filter of a radius is made, for a PSF of a width.

    Half again as wide as what is kept, so that what the filter has beyond its ends does not come round to it.
    """
    return max(3 * radius, 2 * width)


def wiener_kernels(transfer: Tensor, signal: Tensor, noise: Tensor, radius: int) -> Tensor:
    """Make ``S H* (H S H* + N)^-1``, a matrix over bands at each spatial frequency, a kernel (Wiener 1949).

    What is alike in all bands is so told from noise, which is not.

    Parameters
    ----------
    transfer : Tensor, shape (..., C, G, G // 2 + 1), complex
        ``H``, of a PSF about its centre.
    signal : Tensor, shape (C, C, ..., G, G // 2 + 1)
        ``S``, cross-power of scenes.
    noise : Tensor, shape (..., C, C)
        ``N``, covariance of the noise, in the same unit. Bands that share noise must have one PSF.
    radius : int
        Half width of the result in px.

    Returns
    -------
    Tensor, shape (..., C, C, 2 radius + 1, 2 radius + 1)
        Band out, band in.
    """
    bands, grid = range(transfer.shape[-3]), transfer.shape[-2]
    amplitude = transfer.abs()
    # Nearly equal bands nearly without noise need all digits.
    length = amplitude.double().unbind(-3)
    # With H = |H| p, the phases p stand outside of the inverse, and what is inverted is real and symmetric.
    seen = [[length[i] * signal[i, j] for j in bands] for i in bands]
    total = [[seen[i][j] * length[j] + noise[..., i, j, None, None] for j in bands] for i in bands]
    matrix = torch.stack([torch.stack(row, -3) for row in _solved(total, seen)], -3)
    phase = transfer.conj() / amplitude.clamp_min(torch.finfo(amplitude.dtype).tiny)
    kernels = torch.fft.irfft2(matrix.to(amplitude.dtype) * phase.unsqueeze(-4), s=(grid, grid))
    return kernels.roll((radius, radius), (-2, -1))[..., : 2 * radius + 1, : 2 * radius + 1]


def _solved(matrix: list[list[Tensor]], right: list[list[Tensor]]) -> list[list[Tensor]]:
    """Solve ``matrix @ x = right`` at every frequency, for positive definite matrices of planes.

    Gauss and Jordan's elimination, which needs no pivots then (Golub and Van Loan 2013, section 4.2): on planes that
    lie whole in memory it takes a fraction of the time of a library's solver of many small matrices.
    """
    rows = [[*left, *values] for left, values in zip(matrix, right)]
    for k, pivot in enumerate(rows):
        pivot[k + 1 :] = [value / pivot[k] for value in pivot[k + 1 :]]
        for row in rows:
            if row is not pivot:
                pairs = zip(row[k + 1 :], pivot[k + 1 :])
                row[k + 1 :] = [torch.addcmul(value, row[k], below, value=-1) for value, below in pairs]
    return [row[len(rows) :] for row in rows]
