"""How far a restored image is off, pixel by pixel: a small network beside the one that restored it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle

from pipeline.networks.inputs import RestorationInput
from pipeline.networks.nafnet import NAFBlock

PATCH = 2
"""Width in px of the squares that become one pixel: errors vary slowly enough, and a step takes a quarter."""
LEAST, MOST = -12.0, 6.0
"""Bounds of the logarithm: beyond them nothing is learned, and the loss would be no number."""


class SpreadNetwork(nn.Module):
    """The logarithm of an error's standard deviation, from what the restoring network saw and what it made of it.

    It holds no pooling, no halving and no batch statistics: an output pixel depends on inputs within
    ``receptive_radius`` and on its position modulo ``stride``, so tiles are exact.

    Parameters
    ----------
    bands : int
        Planes of the image.
    descriptors : int
        Numbers that describe the instrument.
    width : int
        Channels.
    blocks : int
        Blocks of NAFNet, each of which mixes neighbours once.
    """

    stride = PATCH

    def __init__(self, bands: int, descriptors: int, width: int = 8, blocks: int = 2) -> None:
        super().__init__()
        self.first = nn.Conv2d((5 * bands + descriptors) * PATCH**2, width, 3, padding=1)
        self.blocks = nn.Sequential(*(NAFBlock(width) for _ in range(blocks)))
        self.last = nn.Conv2d(width, bands * PATCH**2, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types lack it
        self.receptive_radius = PATCH * (2 + blocks) + PATCH - 1

    def forward(self, inputs: RestorationInput, estimate: Tensor) -> Tensor:
        """Logarithm of the standard deviation of ``truth - estimate``, shape (B, C, H, W), in stretched units.

        Parameters
        ----------
        inputs : RestorationInput
            What the restoring network saw. Where ``stride`` does not divide its sides, it is reflected beyond them.
        estimate : Tensor, shape (B, C, H, W)
            What it made of it.
        """
        planes = torch.cat([inputs._replace(noise=None).stacked(), estimate], 1)
        height, width = planes.shape[-2:]
        planes = pad(planes, (0, -width % PATCH, 0, -height % PATCH), mode="reflect")
        x = self.blocks(self.first(pixel_unshuffle(planes, PATCH)))
        return pixel_shuffle(self.last(x), PATCH).clamp(LEAST, MOST)[..., :height, :width]

    @torch.no_grad()
    def start_at(self, level: Tensor) -> None:
        """Begin with the same spread everywhere, its logarithm of shape (C,): what an error is on the whole."""
        bias = level.repeat_interleave(PATCH**2).to(self.last.weight)
        self.last.weight.mul_(0.1)
        assert self.last.bias is not None
        # In place: an optimiser may have it already.
        self.last.bias.copy_(bias)
