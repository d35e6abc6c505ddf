"""What a few iterations make of a scan's data: the slice from which a network goes on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from pipeline.physics import Operator
from pipeline.sparsity.differences import Differences
from pipeline.sparsity.reconstruction import Reconstruction, level_of

FAINTEST_NOISE = 1e-6
"""Data are taken to have noise of so much of the brightest one at least: without any, each would outweigh all."""


@dataclass(frozen=True)
class FirstEstimate:
    """Scenes after some iterations of :class:`~pipeline.sparsity.reconstruction.Reconstruction` by total variation.

    Few are most of the way to where scenes stand still: what is left of the noise or of aliasing is small and local, as
    a network of small reach needs it.

    Parameters
    ----------
    iterations : int
        1 or more.
    weight : float
        Of the total variation, a pure number above 0.
    """

    iterations: int
    weight: float

    @torch.no_grad()
    def __call__(self, operator: Operator, data: Tensor, sigma: Tensor) -> Tensor:
        """Estimate scenes, each from its own data alone.

        Parameters
        ----------
        operator : Operator
            One that is ``whole``.
        data, sigma : Tensor, shape (B, C, M, N)

        Returns
        -------
        Tensor, shape (B, C, H, W)
            In the unit of scenes.
        """
        brightest = data.abs().amax((-2, -1), keepdim=True)
        noise = sigma.maximum(FAINTEST_NOISE * torch.where(brightest > 0, brightest, 1)).expand_as(data)
        level = level_of(operator, noise)
        untrusted = torch.zeros_like(data, dtype=torch.bool)
        problem = Reconstruction(operator, data, noise, untrusted, level, self.weight, Differences())
        (scene,) = islice(problem.iterates(), self.iterations - 1, self.iterations)
        return scene * level
