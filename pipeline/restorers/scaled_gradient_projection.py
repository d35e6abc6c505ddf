"""Scaled gradient projection: Richardson-Lucy's likelihood climbed in fewer steps."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from pipeline.restorers.stopped import Likelihood, Stopped

SMALLEST_STEP, LARGEST_STEP = 1e-5, 1e5
"""Bounds of a step, in units of Richardson-Lucy's."""
MEMORY = 3
"""Of the second rule's steps the shortest of so many is taken."""
ARMIJO, BACKTRACKING = 1e-4, 0.4
"""A step is shortened by the second until the divergence falls by the first of what the slope promises."""


class ScaledGradientProjection(Stopped):
    """``x <- x + share (P(x - length D g) - x)`` from a flat start, ``P`` the projection onto positive scenes.

    Bonettini, Zanella and Zanni 2009, Inverse Problems 25, 015002, algorithm SGP. ``g`` is the gradient of the
    divergence of the data from ``A x``, ``D = x / A'1``; with both numbers 1 it is Richardson-Lucy. ``iterations`` is
    the only regularisation. Masked pixels have no weight.
    """

    def iterates(self, likelihood: Likelihood) -> Iterator[Tensor]:
        """Step by step."""
        lengths, scene = Lengths(), likelihood.start
        blurred = likelihood.operator.forward(scene)
        gradient = likelihood.gradient(blurred)
        while True:
            scaling = likelihood.scaling(scene)
            change = (scene - lengths.next * scaling * gradient).clamp_min(0) - scene
            # The instrument is linear: along a line nothing has to be blurred again.
            blurred_change = likelihood.operator.forward(change)
            share = _share(likelihood, blurred, blurred_change, float((gradient * change).sum()))
            scene, blurred = scene + share * change, blurred + share * blurred_change
            before, gradient = gradient, likelihood.gradient(blurred)
            lengths.learn(share * change, gradient - before, scaling)
            yield scene


class Lengths:
    """Lengths of steps by the two rules of Barzilai and Borwein, in turns (Bonettini et al. 2009, section 3)."""

    def __init__(self) -> None:
        self.next, self._threshold = 1.0, 0.5
        self._second: list[float] = []

    def learn(self, moved: Tensor, turned: Tensor, scaling: Tensor) -> None:
        """Choose the next length by how the gradient ``turned`` as the scene ``moved``."""
        unscaled = torch.where(scaling > 0, moved / scaling.clamp_min(torch.finfo(scaling.dtype).tiny), 0)
        first = _length(unscaled.square().sum(), (unscaled * turned).sum())
        second = _length((moved * scaling * turned).sum(), (scaling * turned).square().sum())
        self._second = [*self._second, second][-MEMORY:]
        if second / first <= self._threshold:
            self.next, self._threshold = min(self._second), 0.9 * self._threshold
        else:
            self.next, self._threshold = first, 1.1 * self._threshold


def _length(above: Tensor, below: Tensor) -> float:
    return min(max(float(above / below), SMALLEST_STEP), LARGEST_STEP) if below > 0 and above > 0 else LARGEST_STEP


def _share(likelihood: Likelihood, blurred: Tensor, change: Tensor, slope: float) -> float:
    """How much of a change to make, so that the divergence falls by what its slope lets expect."""
    now, share = likelihood.divergence(blurred), 1.0
    while share > SMALLEST_STEP and likelihood.divergence(blurred + share * change) > now + ARMIJO * share * slope:
        share *= BACKTRACKING
    return share
