"""Deconvolution by sparsity in starlets, astronomy's wavelets: scenes are few round things of every size on a sky."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from pipeline.restorers.variational import Variational
from pipeline.sparsity.analysis import Analysis

SCALES = 5
"""Details of 1, 2, 4, 8 and 16 px; what is smoother is left as the data have it."""


class Starlets(Analysis):
    """The isotropic undecimated wavelet transform without its smooth rest, each scale times the noise that it passes.

    Scale ``j`` holds what a smoothing by the cubic B-spline, spread by ``2^j``, takes off (Starck, Fadili and Murtagh
    2007, IEEE TIP 16, 297, section III). The factor makes one threshold for all scales a like number of sigmas of white
    noise in each. Coefficients of all bands at one place and scale vanish together.
    """

    tie = 3.0

    def of(self, scene: Tensor) -> Tensor:
        """Shape (SCALES, ..., C, H, W)."""
        spectrum = torch.fft.rfft2(scene)
        return torch.fft.irfft2(_filters_for(scene[None]) * spectrum, s=scene.shape[-2:])

    def transpose(self, coefficients: Tensor) -> Tensor:
        """The filters are even, and so their own transposes."""
        spectrum = _filters_for(coefficients) * torch.fft.rfft2(coefficients)
        return torch.fft.irfft2(spectrum.sum(0), s=coefficients.shape[-2:])

    def power(self, size: tuple[int, int]) -> Tensor:
        """Sum over the scales."""
        return _filters(size).square().sum(0)

    def length(self, coefficients: Tensor) -> Tensor:
        """Over the bands, shape (SCALES, ..., 1, H, W)."""
        return coefficients.square().sum(-3, keepdim=True).sqrt_()


class Starlet(Variational):
    """Minimises ``1/2 |A x - y|^2 / sigma^2 + weight sum_j s_j |w_j x / sigma|`` over starlet scales ``j``.

    ``s_j`` is the noise that scale ``j`` passes of white noise of one (analysis sparsity: Starck, Murtagh and Fadili
    2010, "Sparse image and signal processing", section 7.4). The bands are sparse at the same places.
    """

    searched: ClassVar[dict[str, float]] = {"weight": 0.8}
    analysis = Starlets()


def _filters_for(coefficients: Tensor) -> Tensor:
    """The scales for coefficients of shape (SCALES or 1, ..., H, W), on their device."""
    filters = _filters(tuple(coefficients.shape[-2:]), coefficients.device)
    return filters.reshape(SCALES, *[1] * (coefficients.ndim - 3), *filters.shape[-2:])


@lru_cache(maxsize=8)
def _filters(size: tuple[int, ...], device: torch.device | None = None) -> Tensor:
    """The scales in Fourier space times the noise that they pass, shape (SCALES, H, W // 2 + 1), real."""
    vertical, horizontal = torch.fft.fftfreq(size[0])[:, None], torch.fft.rfftfreq(size[1])
    smooth, filters = torch.ones(size[0], size[1] // 2 + 1), []
    for scale in range(SCALES):
        smoother = smooth * _spline(vertical, scale) * _spline(horizontal, scale)
        detail = smooth - smoother
        noise = torch.fft.irfft2(detail, s=size[-2:]).square().sum().sqrt()
        filters.append(noise * detail)
        smooth = smoother
    return torch.stack(filters).to(device)


def _spline(frequency: Tensor, scale: int) -> Tensor:
    """Transfer function of (1, 4, 6, 4, 1) / 16 with its taps ``2^scale`` px apart."""
    return torch.cos(torch.pi * frequency * 2**scale) ** 4
