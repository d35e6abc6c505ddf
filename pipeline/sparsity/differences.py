"""Differences between neighbours: scenes are smooth but for edges, which the bands share."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.sparsity.analysis import Analysis


class Differences(Analysis):
    """Differences to the neighbours below, right, above and left, over sqrt(2); those of a pixel vanish together."""

    tie = 1.0

    def of(self, scene: Tensor) -> Tensor:
        """Shape (4, ..., C, H, W)."""
        down, right = scene.roll(-1, -2) - scene, scene.roll(-1, -1) - scene
        return torch.stack([down, right, down.roll(1, -2), right.roll(1, -1)]).mul_(0.5**0.5)

    def transpose(self, coefficients: Tensor) -> Tensor:
        """The negative divergence, shape (..., C, H, W)."""
        down, right = coefficients[0] + coefficients[2].roll(-1, -2), coefficients[1] + coefficients[3].roll(-1, -1)
        return (down.roll(1, -2) - down + right.roll(1, -1) - right).mul_(0.5**0.5)

    def power(self, size: tuple[int, int]) -> Tensor:
        """The negative Laplacian."""
        vertical, horizontal = torch.fft.fftfreq(size[0])[:, None], torch.fft.rfftfreq(size[1])
        return 4 * torch.sin(torch.pi * vertical) ** 2 + 4 * torch.sin(torch.pi * horizontal) ** 2

    def length(self, coefficients: Tensor) -> Tensor:
        """Over all directions and bands, shape (1, ..., 1, H, W)."""
        return coefficients.square().sum((0, -3), keepdim=True).sqrt_()
