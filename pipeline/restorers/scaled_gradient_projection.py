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
        lengths, scene = Lengths(len(likelihood.start)), likelihood.start
        blurred = likelihood.operator.forward(scene)
        gradient = likelihood.gradient(blurred)
        while True:
            scaling = likelihood.scaling(scene)
            change = (scene - _each(lengths.next, scene) * scaling * gradient).clamp_min(0) - scene
            # The instrument is linear: along a line nothing has to be blurred again.
            blurred_change = likelihood.operator.forward(change)
            share = _each(_share(likelihood, blurred, blurred_change, _sum(gradient * change)), scene)
            scene, blurred = scene + share * change, blurred + share * blurred_change
            before, gradient = gradient, likelihood.gradient(blurred)
            lengths.learn(share * change, gradient - before, scaling)
            yield scene


class Lengths:
    """Lengths of steps by the two rules of Barzilai and Borwein, in turns (Bonettini et al. 2009, section 3).

    Each of ``count`` scenes has its own: ``next``, shape (B,), in float64.
    """

    def __init__(self, count: int) -> None:
        self.next = torch.ones(count, dtype=torch.float64)
        self._threshold = torch.full((count,), 0.5, dtype=torch.float64)
        self._second: list[Tensor] = []

    def learn(self, moved: Tensor, turned: Tensor, scaling: Tensor) -> None:
        """Choose the next lengths by how the gradients ``turned`` as the scenes ``moved``."""
        unscaled = torch.where(scaling > 0, moved / scaling.clamp_min(torch.finfo(scaling.dtype).tiny), 0)
        first = _length(_sum(unscaled.square()), _sum(unscaled * turned))
        second = _length(_sum(moved * scaling * turned), _sum((scaling * turned).square()))
        self._second = [*self._second, second][-MEMORY:]
        short = second / first <= self._threshold
        self.next = torch.where(short, torch.stack(self._second).amin(0), first)
        self._threshold = self._threshold * torch.where(short, 0.9, 1.1)


def _length(above: Tensor, below: Tensor) -> Tensor:
    known = (below > 0) & (above > 0)
    return torch.where(known, (above / below).clamp(SMALLEST_STEP, LARGEST_STEP), LARGEST_STEP)


def _share(likelihood: Likelihood, blurred: Tensor, change: Tensor, slope: Tensor) -> Tensor:
    """How much of each change to make, shape (B,), so that the divergence falls by what its slope lets expect."""
    now, share = likelihood.divergence(blurred).cpu(), torch.ones_like(slope)
    while True:
        then = likelihood.divergence(blurred + _each(share, blurred) * change).cpu()
        long = (share > SMALLEST_STEP) & (then > now + ARMIJO * share * slope)
        if not long.any():
            return share
        share = torch.where(long, share * BACKTRACKING, share)


def _sum(planes: Tensor) -> Tensor:
    """Of each scene, shape (B,), as numbers that the host goes by."""
    return planes.sum((1, 2, 3)).double().cpu()


def _each(numbers: Tensor, like: Tensor) -> Tensor:
    """One number for each scene, on its device."""
    return numbers.to(like)[:, None, None, None]
