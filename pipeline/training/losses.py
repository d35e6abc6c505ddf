"""Losses: what a network is asked for, in stretched units."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, relu


def absolute_error(estimate: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute error over trusted pixels; all shapes (B, C, H, W)."""
    return ((estimate - target).abs() * weight).sum() / weight.sum().clamp_min(1)


def squared_error(estimate: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean squared error over trusted pixels; all shapes (B, C, H, W)."""
    return ((estimate - target).square() * weight).sum() / weight.sum().clamp_min(1)


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's hinge loss on logits of any shape (Lim and Ye 2017, eq. 8; Miyato et al. 2018, eq. 17)."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """The generator's side of the hinge loss (Miyato et al. 2018, eq. 18)."""
    return -fake.mean()


def cross_entropy(logits: Tensor, is_real: bool) -> Tensor:
    """Binary cross entropy of logits that should all say real, or all say fake (Goodfellow et al. 2014, eq. 1)."""
    return binary_cross_entropy_with_logits(logits, logits.new_full(logits.shape, float(is_real)))
