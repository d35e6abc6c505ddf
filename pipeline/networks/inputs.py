"""What a restoring network is given, whatever the instrument."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.networks.evidence import Evidence


class RestorationInput(NamedTuple):
    """One batch for a restoring network, in stretched units.

    Parameters
    ----------
    preview : Tensor, shape (B, C, H, W)
        The data brought to image space, masked pixels filled from their neighbours.
    inverse : Tensor, shape (B, C, H, W)
        The operator's regularised inverse of the data, or what a few iterations make of those of a scan.
    sigma : Tensor, shape (B, C, H, W)
        Noise over the softening of the stretch.
    valid : Tensor, shape (B, C, H, W)
        1 where a pixel was measured, 0 where it is masked.
    descriptor : Tensor, shape (B, D)
        Numbers that describe the instrument, of order one.
    noise : Tensor, shape (B, N, H, W), optional
        What a network that draws from the possible scenes draws by: white, of standard deviation 1.
    evidence : Evidence, optional
        The data themselves, where they are no image and the whole slice is given.
    """

    preview: Tensor
    inverse: Tensor
    sigma: Tensor
    valid: Tensor
    descriptor: Tensor
    noise: Tensor | None = None
    evidence: Evidence | None = None

    def changed(self, change: Callable[[Tensor], Tensor]) -> RestorationInput:
        """The same with every plane moved or grown alike; what describes the instrument stays."""
        preview, inverse, sigma, valid = map(change, self[:4])
        noise = None if self.noise is None else change(self.noise)
        return RestorationInput(preview, inverse, sigma, valid, self.descriptor, noise, self.evidence)

    def stacked(self) -> Tensor:
        """All planes, shape (B, 4 C + D + N, H, W)."""
        height, width = self.preview.shape[-2:]
        described = self.descriptor[:, :, None, None].expand(-1, -1, height, width)
        planes = [self.preview, self.inverse, self.sigma, self.valid, described]
        return torch.cat(planes if self.noise is None else [*planes, self.noise], 1)
