"""Gaussian and Moffat PSFs of many widths at once, on any device: what training draws anew for every crop."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor


def analytic_psfs(
    profile: Literal["gaussian", "moffat"], fwhm: Tensor, radius: Tensor, size: int, beta: float = 2.5
) -> Tensor:
    """Sample PSFs of several widths at the pixels' centres, as :func:`~pipeline.physics.psf.draw_psf` does one.

    With ``s = 4 r^2 / fwhm^2``, a Gaussian is ``2^-s`` and a Moffat ``(1 + (2^(1/beta) - 1) s)^-beta`` (Moffat 1969).

    Parameters
    ----------
    profile : {"gaussian", "moffat"}
    fwhm : Tensor, shape (N,)
        Full widths at half maximum in px.
    radius : Tensor, shape (N,)
        Half width in px at which each PSF ends; it is zero beyond.
    size : int
        Width of the stamps in px, odd.
    beta : float
        Moffat's slope, above 1.1.

    Returns
    -------
    Tensor, shape (N, size, size)
        Each summing to one.
    """
    offset = torch.arange(size, device=fwhm.device) - size // 2
    squared = (offset[:, None].square() + offset.square()) * (2 / fwhm[:, None, None]).square()
    light = torch.exp2(-squared) if profile == "gaussian" else (1 + (2 ** (1 / beta) - 1) * squared) ** -beta
    inside = offset.abs() <= radius[:, None]
    light = light * (inside[:, :, None] & inside[:, None, :])
    return light / light.sum((-2, -1), keepdim=True)
