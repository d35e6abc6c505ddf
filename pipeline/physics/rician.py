"""Noise of magnitude images: two Gaussians, one for each part of a complex number, and then its length."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def rician_mean(signal: Tensor, sigma: Tensor) -> Tensor:
    """Expected magnitude, ``s sqrt(pi / 2) L_1/2(-A^2 / 2 s^2)``: without signal 1.25 sigma, and never the signal.

    The density is that of Rice (Gudbjartsson and Patz 1995, MRM 34, 910, equation 1).

    Parameters
    ----------
    signal : Tensor
        Magnitude without noise, 0 or more.
    sigma : Tensor
        Standard deviation of the noise of the real and of the imaginary part, above 0.
    """
    half = (signal / sigma).square() / 4
    laguerre = (1 + 2 * half) * torch.special.i0e(half) + 2 * half * torch.special.i1e(half)
    return sigma * math.sqrt(math.pi / 2) * laguerre


def rician_sigma(signal: Tensor, sigma: Tensor) -> Tensor:
    """Standard deviation of the magnitude: 0.655 sigma without signal, sigma where there is much.

    Parameters
    ----------
    signal : Tensor
    sigma : Tensor
    """
    # The second moment is A^2 + 2 s^2. In float64, since the two are nearly alike where there is much signal.
    signal, wide = signal.double(), sigma.double()
    variance = signal.square() + 2 * wide.square() - rician_mean(signal, wide).square()
    return variance.clamp_min(0).sqrt().to(sigma.dtype)


def without_rician_bias(magnitude: Tensor, sigma: Tensor) -> Tensor:
    """The signal that a magnitude tells of, ``sqrt(|M^2 - s^2|)`` (Gudbjartsson and Patz 1995, "correction").

    Its mean is within 6% of sigma for signals of 2 sigma and more; without signal there remain 1.04 sigma of the 1.25.

    Parameters
    ----------
    magnitude : Tensor
    sigma : Tensor
        Of the noise of the real and of the imaginary part.
    """
    return (magnitude.square() - sigma.square()).abs().sqrt()
