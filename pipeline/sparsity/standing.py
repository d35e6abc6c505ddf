"""When iterations that converge have come near enough."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import torch
from torch import Tensor

MOST_ITERATIONS = 200
CONVERGED = 0.01
"""Iterations end when one moves the estimate by less than this, root mean square, in sigmas of the noise."""


def standing(start: Tensor, iterates: Iterator[Tensor]) -> Tensor:
    """Scenes of a batch, each as it was when it stood still, so that none depends on its neighbours.

    Parameters
    ----------
    start : Tensor, shape (B, C, H, W)
        Where iterations begin, in units of the noise.
    iterates : iterator of Tensor, shape (B, C, H, W)
        Of these, the first 200 at most.
    """
    before = found = start
    stands = torch.zeros((len(before), 1, 1, 1), dtype=torch.bool, device=before.device)
    for scene in islice(iterates, MOST_ITERATIONS):
        found = torch.where(stands, found, scene)
        stands = stands | ((scene - before).square().mean((-3, -2, -1), keepdim=True) < CONVERGED**2)
        if stands.all():
            break
        before = scene
    return found
