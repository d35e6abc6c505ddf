"""What a discriminator and a generator ask of each other, by name; every loss takes logits of paired images.

Pairs stand in the same place of both tensors: the true and the restored image of one observation, patch by patch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, relu, softplus


class AdversarialLoss(NamedTuple):
    """The two sides of a game; both functions take logits of real and of restored images, of one shape."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    absolute: bool
    """Whether 0 parts real from restored; else logits are fixed up to a constant only, or have no scale."""
    hopeless: float
    """Logits by which a discriminator leads everywhere that has nothing left to learn: it is saturated."""


def cross_entropy(logits: Tensor, is_real: bool) -> Tensor:
    """Binary cross entropy of logits that should all say real, or all say fake (Goodfellow et al. 2014, eq. 1)."""
    return binary_cross_entropy_with_logits(logits, logits.new_full(logits.shape, float(is_real)))


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return relu(1 - real).mean() + relu(1 + fake).mean()


def _least_squares(real: Tensor, fake: Tensor) -> Tensor:
    return ((real - 1).square().mean() + fake.square().mean()) / 2


def _above_average(real: Tensor, fake: Tensor) -> Tensor:
    """How little real images stand above the average fake one, and fake ones below the average real one."""
    return (softplus(fake.mean() - real).mean() + softplus(fake - real.mean()).mean()) / 2


LOSSES = {
    # Jolicoeur-Martineau 2018, "The relativistic discriminator", section 4.2, with the pairing of Huang et al. 2024
    # (R3GAN), eq. 2: a restored image is judged beside its own truth.
    "relativistic": AdversarialLoss(
        lambda real, fake: softplus(fake - real).mean(), lambda real, fake: softplus(real - fake).mean(), False, 10.0
    ),
    # Jolicoeur-Martineau 2018, the relativistic average: each image is judged beside the average of the other kind.
    "relativistic_average": AdversarialLoss(_above_average, lambda real, fake: _above_average(fake, real), False, 10.0),
    # Lim and Ye 2017, eq. 8; Miyato et al. 2018, eq. 17 and 18. At half the hopeless lead the discriminator's own loss
    # is 0.
    "hinge": AdversarialLoss(_hinge, lambda _real, fake: -fake.mean(), True, 4.0),
    # Gulrajani et al. 2017, eq. 3, without the penalty. A critic has no scale, and its slope never vanishes.
    "wasserstein": AdversarialLoss(
        lambda real, fake: fake.mean() - real.mean(), lambda _real, fake: -fake.mean(), False, math.inf
    ),
    # Mao et al. 2017, eq. 9.
    "least_squares": AdversarialLoss(_least_squares, lambda _real, fake: (fake - 1).square().mean() / 2, False, 0.95),
    # Goodfellow et al. 2014, eq. 1, the generator's side in its non-saturating form, as in pix2pix.
    "cross_entropy": AdversarialLoss(
        lambda real, fake: (cross_entropy(real, True) + cross_entropy(fake, False)) / 2,
        lambda _real, fake: cross_entropy(fake, True),
        True,
        10.0,
    ),
}
"""By the names of the setting ``adversarial.loss``."""
