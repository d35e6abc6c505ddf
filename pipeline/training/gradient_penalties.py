"""Penalties on a discriminator's slope, which keep its opinion something that a generator can follow.

They need second derivatives: give them a network as it is, not compiled, in float32.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Judge = Callable[[Tensor], Tensor]
"""Images, shape (B, C, H, W), to logits, shape (B, 1, h, w)."""


def zero_centred(judge: Judge, images: Tensor) -> Tensor:
    """Mean squared slope: R1 on real images (Mescheder et al. 2018, eq. 9), R2 on restored ones (eq. 10).

    Per patch, ``|grad sum(D)|^2 / (h w)``, so that one weight suits every width of crop.
    """
    slope, logits = _slope(judge, images)
    return slope.square().sum() / logits.numel()


def one_centred(judge: Judge, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """``(|slope| - 1)^2`` on mixtures of real and restored images (Gulrajani et al. 2017, eq. 3).

    Parameters
    ----------
    judge : callable
    real, fake : Tensor, shape (B, C, H, W)
    share : Tensor, shape (B, 1, 1, 1)
        How much of the real image is in each mixture, from 0 to 1.
    """
    slope, logits = _slope(judge, torch.lerp(fake, real, share))
    squared = slope.square().flatten(1).sum(1) / logits[0].numel()
    return (squared.clamp_min(1e-12).sqrt() - 1).square().mean()


def _slope(judge: Judge, images: Tensor) -> tuple[Tensor, Tensor]:
    """The slope of what a judge says of each image, and what it says."""
    images = images.detach().float().requires_grad_()
    logits = judge(images)
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slope, logits
