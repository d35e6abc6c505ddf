"""Wavelet scattering: how strongly a patch varies at every scale and direction, and how these variations are clumped.

Bruna and Mallat 2013, IEEE TPAMI 35, 1872; for astronomical fields Cheng et al. 2020, MNRAS 499, 5902. Nothing in it is
trained, so no method is judged by features that were made for it, or of other images.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SCALES = 3
"""Octaves, of which the finest is centred at 3/8 cycles/px."""
DIRECTIONS = 4
HIGHEST = 3 * np.pi / 4
"""Frequency of the finest wavelets, in rad/px."""
TOGETHER = 64
"""Patches that are scattered at a time; more would take more memory, and no less time."""
ENVELOPE = 0.8
"""Width of the finest wavelets' envelope, in px."""


def scattering(patches: NDArray[np.floating]) -> NDArray[np.float64]:
    """Scattering coefficients of the first and second order, averaged over a patch.

    ``S1 = <|x * psi_a|>`` and ``S2 = <||x * psi_a| * psi_b|>`` for each ``psi_b`` coarser than ``psi_a``. Convolutions
    are periodic.

    Parameters
    ----------
    patches : array, shape (N, C, H, W)

    Returns
    -------
    array, shape (N, F)
        In the unit of the patches, the coefficients of each band side by side.
    """
    values = torch.as_tensor(np.ascontiguousarray(patches), dtype=torch.float32)
    bank = _wavelets(*values.shape[-2:])
    return torch.cat([_scattered(some, bank) for some in values.split(TOGETHER)]).double().numpy()


def _scattered(values: Tensor, bank: Tensor) -> Tensor:
    first = _modulus(values, bank)
    found = [first.mean((-2, -1)).flatten(2)]
    for scale in range(SCALES - 1):
        second = _modulus(first[:, :, scale], bank[scale + 1 :])
        found.append(second.mean((-2, -1)).flatten(2))
    return torch.cat(found, -1).flatten(1)


def _modulus(values: Tensor, bank: Tensor) -> Tensor:
    """``|x * psi|``: (..., H, W) by wavelets (J, L, H, W) gives (..., J, L, H, W)."""
    return torch.fft.ifft2(torch.fft.fft2(values)[..., None, None, :, :] * bank).abs()


@cache
def _wavelets(height: int, width: int) -> Tensor:
    """Transfer functions of Morlet wavelets, shape (J, L, H, W): fine to coarse, none lets a constant pass."""
    down, right = (2 * np.pi * np.fft.fftfreq(n) for n in (height, width))
    grid = np.stack(np.meshgrid(down, right, indexing="ij"))
    bank = np.empty((SCALES, DIRECTIONS, height, width))
    for scale in range(SCALES):
        for direction in range(DIRECTIONS):
            angle = np.pi * direction / DIRECTIONS
            centre = HIGHEST / 2**scale * np.array([np.sin(angle), np.cos(angle)])
            envelope = ENVELOPE * 2**scale
            wave, level = _bump(grid, centre, envelope), _bump(grid, np.zeros(2), envelope)
            bank[scale, direction] = wave - level * wave[0, 0] / level[0, 0]
    return torch.from_numpy(bank).float()


def _bump(grid: NDArray[np.float64], centre: NDArray[np.float64], envelope: float) -> NDArray[np.float64]:
    """A Gaussian about a frequency and its images one sampling frequency away."""
    total = np.zeros(grid.shape[1:])
    for shift in np.ndindex(3, 3):
        offset = grid - (centre + 2 * np.pi * (np.array(shift) - 1))[:, None, None]
        total += np.exp(-(envelope**2) * (offset**2).sum(0) / 2)
    return total
