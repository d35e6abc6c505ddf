"""How far an estimate is from the truth, in stretched units; what a discriminator asks is in adversarial_losses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.physics.operator import Operator


def absolute_error(estimate: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute error over trusted pixels; all shapes (B, C, H, W)."""
    return ((estimate - target).abs() * weight).sum() / weight.sum().clamp_min(1)


def squared_error(estimate: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean squared error over trusted pixels; all shapes (B, C, H, W)."""
    return ((estimate - target).square() * weight).sum() / weight.sum().clamp_min(1)


def deviation(draws: Tensor, weight: Tensor) -> Tensor:
    """How far draws are from their mean: the standard deviation, for normal draws (Bendel et al. 2023, eq. 7).

    Parameters
    ----------
    draws : Tensor, shape (P, B, C, H, W)
    weight : Tensor, shape (B, C, H, W)
    """
    count = len(draws)
    apart = torch.stack([absolute_error(draw, draws.mean(0), weight) for draw in draws]).sum()
    return math.sqrt(math.pi / (2 * count * (count - 1))) * apart


def reblurred_error(error: Tensor, noise: Tensor, operator: Operator) -> Tensor:
    """Mean squared error as the instrument would see it, in units of the noise: what contradicts the data.

    Parameters
    ----------
    error : Tensor, shape (B, C, H, W)
        Estimate minus truth over the softening of the stretch, which is a linear unit, and 0 where the truth is not
        known. Against the blurred truth rather than the data, so that no noise is fitted.
    noise : Tensor, shape (B, C, H, W)
        Standard deviation, in the same unit.
    operator : Operator
    """
    halo = operator.halo
    inner = noise[..., halo : noise.shape[-2] - halo, halo : noise.shape[-1] - halo]
    # Noise-free data would make of every error an infinite one.
    return (operator.seen(error.float()) / inner.clamp_min(torch.finfo(inner.dtype).eps)).square().mean()


def feature_distance(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of a discriminator's features, averaged over its layers.

    Wang et al. 2018 (pix2pixHD), eq. 4: a measure of perception that is learned with the images, where others download
    a network.
    """
    return torch.stack([(a.float() - b.float()).abs().mean() for a, b in zip(found, wanted)]).mean()
