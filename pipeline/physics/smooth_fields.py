"""Smooth fields over a slice: the phase that magnitude images lost, and the uneven light of receiving coils."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pipeline.physics.noise import addressed_random

ORDER = 3
"""Highest number of half periods across the image."""


def smooth_phase(height: int, width: int, radians: float, *address: object) -> Tensor:
    """A phase that changes slowly, as that of gradient echoes does where the field is not quite homogeneous.

    Parameters
    ----------
    height, width : int
        In px. The field is a function of the place relative to these, so that a finer image has the same.
    radians : float
        Largest departure from 0.
    *address
        The same address gives the same field.

    Returns
    -------
    Tensor, shape (H, W), float64
        In radians.
    """
    return radians * _field(height, width, "phase", *address)


def bias_field(height: int, width: int, strength: float, *address: object) -> Tensor:
    """A factor on the signal that changes slowly, ``exp(strength f)`` with ``|f|`` up to one (Sled et al. 1998).

    Parameters
    ----------
    height, width : int
        In px.
    strength : float
        Such as 0.2: signals come out up to 22% too bright and 18% too faint.
    *address
        The same address gives the same field.

    Returns
    -------
    Tensor, shape (H, W), float64
        Above 0.
    """
    return torch.exp(strength * _field(height, width, "bias", *address))


def _field(height: int, width: int, *address: object) -> Tensor:
    """Random cosines of few periods without a constant part, the largest value being 1 or -1."""
    order = np.arange(ORDER + 1)
    amplitude = addressed_random("smooth field", *address).standard_normal((ORDER + 1, ORDER + 1))
    amplitude = amplitude / (1 + order[:, None] ** 2 + order**2)
    amplitude[0, 0] = 0
    rows, columns = (np.cos(np.pi * order * (np.arange(n)[:, None] + 0.5) / n) for n in (height, width))
    field = rows @ amplitude @ columns.T
    return torch.from_numpy(field / max(np.abs(field).max(), np.finfo(float).tiny))
