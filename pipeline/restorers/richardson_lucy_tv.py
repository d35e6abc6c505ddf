"""Richardson-Lucy deconvolution with total variation, which holds its iterates back from the noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor

from pipeline.restorers.stopped import Likelihood, Stopped
from pipeline.sparsity.differences import Differences

LEAST_DIVISOR = 0.1
"""A heavy weight would divide by nothing and by less; the scheme holds for small weights (Dey et al. 2006)."""


class RichardsonLucyTV(Stopped):
    """``x <- x A'(y / A x) / A'1 / (1 - weight div(grad x / |grad x|))`` from a flat start.

    Dey et al. 2006, Microscopy Research and Technique 69, 260, with the gradient's length over all bands. Its
    ``weight`` is tuned too, a pure number.
    """

    searched: ClassVar[dict[str, float]] = {"weight": 0.02, "pedestal": 1.0}

    def iterates(self, likelihood: Likelihood) -> Iterator[Tensor]:
        """Step by step."""
        scene, weight = likelihood.start, self.settings["weight"]
        while True:
            scene = likelihood.likelier(scene) / (1 - weight * _curvature(scene)).clamp_min(LEAST_DIVISOR)
            yield scene


def _curvature(scene: Tensor) -> Tensor:
    """``div(grad x / |grad x|)``, below 0 on a hill, which dividing by ``1 - weight`` of it lowers."""
    differences = Differences()
    gradient = differences.of(scene)
    length = differences.length(gradient)
    return -differences.transpose(gradient / length.clamp_min(torch.finfo(length.dtype).eps))
