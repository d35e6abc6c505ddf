"""Masked pixels filled from their trusted neighbours, so that no filter or network meets a hole or a placeholder."""

from __future__ import annotations

from typing import overload

import torch
from torch import Tensor

from pipeline.image import Mask, Pixels
from pipeline.on_device import quick_to_ask

FILL_HALO = 48
"""Pixels that a filled one reads on each side; what is farther from any trusted pixel becomes 0."""
_WIDTHS = (1.0, 4.0, 16.0)
_SHARES = (1.0, 1e-3, 1e-6)


@overload
def fill_masked(pixels: Tensor, mask: Tensor) -> Tensor: ...
@overload
def fill_masked(pixels: Pixels, mask: Mask) -> Pixels: ...
def fill_masked(pixels: Tensor | Pixels, mask: Tensor | Mask) -> Tensor | Pixels:
    """Replace masked pixels by a weighted mean of the trusted ones around them, in the same band.

    Normalised convolution (Knutsson and Westin 1993) with a kernel that is a sharp Gaussian on ever fainter and wider
    ones: small holes close from their rim, and wide ones fade to the level of their surroundings. The kernel is finite,
    so a tile with a halo of ``FILL_HALO`` is filled as the whole is.

    Parameters
    ----------
    pixels : Tensor or array, shape (..., C, H, W)
        In any unit; finite.
    mask : Tensor or array, shape (..., C, H, W), bool
        True where a pixel is to be filled.

    Returns
    -------
    Tensor or array, shape (..., C, H, W)
        Trusted pixels are untouched; a band without any is 0.
    """
    if quick_to_ask(mask) and not mask.any():
        return pixels
    if isinstance(pixels, Tensor):
        return _filled(pixels, torch.as_tensor(mask))
    return _filled(torch.from_numpy(pixels), torch.as_tensor(mask)).numpy()


def _filled(pixels: Tensor, mask: Tensor) -> Tensor:
    # Bands mostly share their masks; the weights are then worked out once for all.
    shared = quick_to_ask(mask) and bool((mask == mask[..., :1, :, :]).all())
    trusted = (~(mask[..., :1, :, :] if shared else mask)).to(pixels.dtype)
    # Relative to the band's mean, so that rounding does not depend on a pedestal or a unit.
    level = (pixels * trusted).sum((-2, -1), keepdim=True) / trusted.sum((-2, -1), keepdim=True).clamp_min(1)
    values, weight = _spread((pixels - level) * trusted), _spread(trusted)
    near = weight > 0
    filled = torch.where(near, level + values / torch.where(near, weight, 1), 0)
    return torch.where(mask, filled, pixels)


def _spread(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    total = torch.zeros_like(image)
    for reach, share in zip(_WIDTHS, _SHARES):
        down = _smoothing(image, height, reach)
        across = down if width == height else _smoothing(image, width, reach)
        total += share * (down @ image @ across)
    return total


def _smoothing(image: Tensor, size: int, width: float) -> Tensor:
    # As a banded matrix, shape (N, N): ten times as fast as sliding so wide a kernel, and free of an FFT's rounding.
    position = torch.arange(size, device=image.device)
    distance = (position[:, None] - position).abs()
    return torch.where(distance <= 3 * width, torch.exp(-0.5 * (distance / width) ** 2), 0).to(image.dtype)
