"""How far an estimate is from the truth, in stretched units; what a discriminator asks is in adversarial_losses."""

from __future__ import annotations

from torch import Tensor


def absolute_error(estimate: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute error over trusted pixels; all shapes (B, C, H, W)."""
    return ((estimate - target).abs() * weight).sum() / weight.sum().clamp_min(1)


def squared_error(estimate: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean squared error over trusted pixels; all shapes (B, C, H, W)."""
    return ((estimate - target).square() * weight).sum() / weight.sum().clamp_min(1)
