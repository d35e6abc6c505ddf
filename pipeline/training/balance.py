"""Whether two networks that train against each other are in balance, and what the judge knows by heart."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.training.adversarial_losses import AdversarialLoss
from pipeline.training.task import TrainingError

LEAST_VARIETY = 0.01
"""Restored images that vary less than this share of what their truths do are one image for all."""


class CollapseError(TrainingError):
    """A game that one side has won for good."""


class Opinions(NamedTuple):
    """Logits of a discriminator."""

    learned: Tensor
    """Of truths that it was trained on ..."""
    unseen: Tensor
    """... of others ..."""
    restored: Tensor
    """... and of the restorations of the latter."""


def remember_variety(judge: nn.Module) -> None:
    """Give a judge a place, kept with its weights, for whether images have varied: see :func:`have_become_alike`."""
    judge.register_buffer("varied", torch.tensor(False))


def have_become_alike(judge: nn.Module, kept_variety: float) -> bool:
    """Whether images that varied do so no more; some generators begin with the same everywhere.

    It is remembered with the judge's weights, so that a training that goes on after a collapse does not take it for a
    beginning.
    """
    varied, alike = judge.get_buffer("varied"), kept_variety < LEAST_VARIETY
    if not alike:
        varied.fill_(True)
    return alike and bool(varied)


def scores_of_game(stage: str, loss: AdversarialLoss, found: Opinions, kept_variety: float) -> dict[str, float]:
    """How a game stands, by the names of its columns in ``history.csv``.

    Raises
    ------
    CollapseError
        If it cannot go on.
    """
    refuse_collapse(stage, loss.hopeless, found.unseen, found.restored, kept_variety)
    scores = {"told_apart": told_apart(found.unseen, found.restored), "variety": kept_variety}
    scores["r_v"] = overfitting(found.learned, found.unseen, found.restored)
    return scores | ({"r_t": sign_of_overfitting(found.learned)} if loss.absolute else {})


def sign_of_overfitting(learned: Tensor) -> float:
    """``r_t = E[sign D(train)]`` (Karras et al. 2020, ADA, eq. 1): 0 at the start, 1 where all is known by heart.

    Only where 0 parts real from fake; see :attr:`AdversarialLoss.absolute`.
    """
    return float(learned.sign().mean())


def overfitting(learned: Tensor, unseen: Tensor, restored: Tensor) -> float:
    """``r_v = (E[D(train)] - E[D(validation)]) / (E[D(train)] - E[D(generated)])`` (Karras et al. 2020, eq. 1).

    0 where unseen truth looks as real as what was trained on, 1 where it looks as false as what was restored. A
    discriminator that does not tell what was restored from what was trained on knows nothing by heart: 0.
    """
    lead = learned.mean() - restored.mean()
    return float((learned.mean() - unseen.mean()) / lead) if lead > 0 else 0.0


def told_apart(real: Tensor, restored: Tensor) -> float:
    """Share of the patches whose truth gets the higher logit than its restoration; a half where the judge guesses."""
    return float((real > restored).float().mean())


def variety(restored: Tensor, truth: Tensor) -> float:
    """Variance from image to image, of restored ones over their truths'; both of shape (B, C, H, W)."""
    return float(restored.var(0).mean() / truth.var(0).mean().clamp_min(torch.finfo(truth.dtype).tiny))


def histogram_distance(one: Tensor, other: Tensor) -> float:
    """Wasserstein distance of all values of a band, averaged over the bands; both of one shape (B, C, H, W)."""
    ranked = [images.movedim(1, 0).flatten(1).sort(-1).values for images in (one, other)]
    return float((ranked[0] - ranked[1]).abs().mean())


def refuse_collapse(stage: str, hopeless: float, real: Tensor, restored: Tensor, kept_variety: float) -> None:
    """Stop a game that cannot go on.

    Parameters
    ----------
    stage : str
        For the message.
    hopeless : float
        See :class:`~pipeline.training.adversarial_losses.AdversarialLoss`.
    real, restored : Tensor
        Logits of truths and of their restorations, on images that were not trained on.
    kept_variety : float
        See :func:`variety`.

    Raises
    ------
    CollapseError
        If all restored images are alike, or the discriminator leads by a hopeless margin everywhere.
    """
    if kept_variety < LEAST_VARIETY:
        raise CollapseError(
            f"{stage}: collapsed: restored images differ by {kept_variety:.2g} of what their truths do; lower the "
            "weight of the discriminator's opinion, or the learning rates. The last checkpoint is from before this look"
        )
    if told_apart(real, restored) == 1 and (real - restored).min() > hopeless:
        raise CollapseError(
            f"{stage}: collapsed: the discriminator tells every restored patch from its truth by more than "
            f"{hopeless:g} logits; lower the discriminator's learning rate, or raise the penalty on its slope. The "
            "last checkpoint is from before this look"
        )
