"""Receiving coils around a slice: each hears best what is near to it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

DISTANCE = 1.2
"""From the middle of the slice to each coil, in half diagonals of the slice."""
RADIUS = 0.8
"""Of each coil, in the same unit."""


def coil_maps(height: int, width: int, coils: int) -> Tensor:
    """What each of some coils, evenly around the slice, receives of a signal at each pixel.

    Strength falls with the distance as on the axis of a loop, ``(r^2 + d^2)^(-3/2)``, and the phase is the direction in
    which the pixel is seen. The squares of the strengths add up to one at each pixel, so that adding what the coils
    received, each times the conjugate of its map, gives the signal with the noise of a single coil (Roemer et al. 1990,
    MRM 16, 192). One coil hears all alike.

    Parameters
    ----------
    height, width : int
        In px.
    coils : int
        K.

    Returns
    -------
    Tensor, shape (K, H, W), complex128
    """
    if coils == 1:
        return torch.ones(1, height, width, dtype=torch.complex128)
    half = math.hypot(height, width) / 2
    down = (torch.arange(height, dtype=torch.float64) - (height - 1) / 2)[:, None] / half
    right = (torch.arange(width, dtype=torch.float64) - (width - 1) / 2) / half
    around = (2 * math.pi / coils * torch.arange(coils, dtype=torch.float64))[:, None, None]
    away_down, away_right = down - DISTANCE * around.sin(), right - DISTANCE * around.cos()
    strength = (RADIUS**2 + away_down.square() + away_right.square()) ** -1.5
    strength = strength / strength.square().sum(0).sqrt()
    return torch.polar(strength, torch.atan2(away_down, away_right) - around)


def receive_maps(coils: Tensor, phase: Tensor, bias: Tensor | None = None) -> Tensor:
    """What each coil receives of the magnitude at each pixel: its map, with the phase and the bias of the slice.

    Parameters
    ----------
    coils : Tensor, shape (K, H, W), complex
    phase : Tensor, shape (H, W)
        In radians.
    bias : Tensor, shape (H, W), optional
        A factor above 0.

    Returns
    -------
    Tensor, shape (K, H, W), complex
    """
    return coils * torch.polar(torch.ones_like(phase) if bias is None else bias, phase)
