"""What a few iterations make of a scan's data: the slice from which a network goes on."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor

from pipeline.physics import Operator
from pipeline.sparsity.differences import Differences
from pipeline.sparsity.reconstruction import Reconstruction

WEIGHT = 0.3
"""Of the total variation. With few iterations more serves tomograms better, and less serves undersampled k-space."""
FAINTEST_NOISE = 1e-6
"""Data are taken to have noise of so much of the brightest one at least: without any, each would outweigh all."""


@torch.no_grad()
def first_estimate(operator: Operator, data: Tensor, sigma: Tensor, iterations: int) -> Tensor:
    """Scenes after some iterations of :class:`~pipeline.sparsity.reconstruction.Reconstruction` by total variation.

    Each is a function of its own data alone. Few iterations are most of the way to where all stand still: what is left
    of the noise or of aliasing is small and local, as a network of small reach needs it.

    Parameters
    ----------
    operator : Operator
        One that is ``whole``.
    data, sigma : Tensor, shape (B, C, M, N)
    iterations : int
        1 or more.

    Returns
    -------
    Tensor, shape (B, C, H, W)
        In the unit of scenes.
    """
    brightest = data.abs().amax((-2, -1), keepdim=True)
    noise = sigma.maximum(FAINTEST_NOISE * torch.where(brightest > 0, brightest, 1)).expand_as(data)
    level = operator.preview_sigma(noise).flatten(2).contiguous().median(-1).values[..., None, None]
    untrusted = torch.zeros_like(data, dtype=torch.bool)
    problem = Reconstruction(operator, data, noise, untrusted, level, WEIGHT, Differences())
    (scene,) = islice(problem.iterates(), iterations - 1, iterations)
    return scene * level
