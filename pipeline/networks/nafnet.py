"""NAFNet: a U-shaped network of blocks without activation functions, here without any pooling, so that tiles are exact.

Chen, Chu, Zhang and Sun 2022, "Simple baselines for image restoration", ECCV; arXiv 2204.04676.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, pixel_shuffle, pixel_unshuffle

from pipeline.networks.activations import ACTIVATIONS
from pipeline.networks.inputs import RestorationInput


class NAFNet(nn.Module):
    """Estimate a scene from its degraded image, its Wiener estimate, noise, mask and instrument.

    The network's output is added to the Wiener estimate. It holds no batch statistics and no pooling: an output pixel
    depends on the inputs within ``receptive_radius`` and on the position modulo ``stride``, and on nothing else.

    Parameters
    ----------
    bands : int
        Planes of the image.
    descriptors : int
        Numbers that describe the instrument.
    width : int
        Channels at the finest resolution at which the network works; they double at each halving.
    encoder_blocks, decoder_blocks : list of int
        Blocks at each resolution, from full to coarse and back.
    middle_blocks : int
        Blocks at the coarsest resolution.
    activation : str
        A name of :data:`~pipeline.networks.activations.ACTIVATIONS`.
    kernel_size : int
        Width in px of the filters that mix neighbours, odd.
    dropout : float
        Share of each branch's values that training leaves out.
    patch_size : int
        Width in px of the squares that become one pixel with all their values before the first layer, and squares again
        after the last (Shi et al. 2016, arXiv 1609.05158): behind a blur, most of the work at full resolution is lost.
    noise_planes : int
        Planes of noise by which it draws one of the scenes that may have been; 0 for a network that gives one answer.
    """

    size: int | None = None
    """Images of every size do, if ``stride`` divides it."""
    stride: int
    receptive_radius: int
    whole = False
    """It can be shown tiles."""

    def __init__(
        self,
        bands: int,
        descriptors: int,
        width: int = 16,
        encoder_blocks: list[int] | tuple[int, ...] = (1, 1, 1),
        middle_blocks: int = 1,
        decoder_blocks: list[int] | tuple[int, ...] = (1, 1, 1),
        activation: str = "gate",
        kernel_size: int = 3,
        dropout: float = 0.0,
        patch_size: int = 1,
        noise_planes: int = 0,
    ) -> None:
        super().__init__()
        self.noise_planes, self.patch_size = noise_planes, patch_size

        def blocks(width: int, count: int) -> nn.Sequential:
            return nn.Sequential(*(NAFBlock(width, activation, kernel_size, dropout) for _ in range(count)))

        depth = len(encoder_blocks)
        widths = [width * 2**level for level in range(depth + 1)]
        planes, area = 4 * bands + descriptors + noise_planes, patch_size**2
        self.first = nn.Conv2d(planes * area, width, 3, padding=1)
        self.encoder = nn.ModuleList(blocks(w, n) for w, n in zip(widths, encoder_blocks))
        self.down = nn.ModuleList(nn.Conv2d(w, 2 * w, 2, stride=2) for w in widths[:-1])
        self.middle = blocks(widths[-1], middle_blocks)
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * w, 4 * w, 1, bias=False), nn.PixelShuffle(2)) for w in reversed(widths[:-1])
        )
        self.decoder = nn.ModuleList(blocks(w, n) for w, n in zip(reversed(widths[:-1]), decoder_blocks))
        self.last = nn.Conv2d(width, bands * area, 3, padding=1)
        # The norms read a pixel's channels; with these side by side in memory, a step takes three quarters of the time.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types lack it

        self.stride = patch_size * 2**depth
        encoder = sum(n * 2**level for level, n in enumerate(encoder_blocks))
        decoder = sum(n * 2**level for level, n in enumerate(reversed(decoder_blocks)))
        filters = (encoder + decoder + middle_blocks * 2**depth) * (kernel_size // 2)
        # First and last layer, one filter per block at its scale, and a coarse pixel's reach across its fine ones.
        self.receptive_radius = patch_size * (2 + filters) + self.stride - 1

    def forward(self, inputs: RestorationInput) -> Tensor:
        """Estimate the scene in stretched units, shape (B, C, H, W); H and W are multiples of ``stride``."""
        x = self.first(pixel_unshuffle(inputs.stacked(), self.patch_size))
        skips = []
        for blocks, down in zip(self.encoder, self.down):
            x = blocks(x)
            skips.append(x)
            x = down(x)
        x = self.middle(x)
        for up, blocks, skip in zip(self.up, self.decoder, reversed(skips)):
            x = blocks(up(x) + skip)
        return inputs.inverse + pixel_shuffle(self.last(x), self.patch_size)


class NAFBlock(nn.Module):
    """Two residual branches, one that mixes neighbours and one that mixes channels (Chen et al. 2022, figure 2e).

    The simplified channel attention (eq. 14) loses its pooling: each pixel is its own context.
    """

    def __init__(self, width: int, activation: str = "gate", kernel_size: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        inner = width if activation == "gate" else 2 * width
        self.norm_space = ChannelNorm(width)
        self.space = nn.Sequential(
            nn.Conv2d(width, 2 * width, 1),
            nn.Conv2d(2 * width, 2 * width, kernel_size, padding=kernel_size // 2, groups=2 * width),
            ACTIVATIONS[activation](),
        )
        self.attention = nn.Conv2d(inner, inner, 1)
        self.space_out = nn.Conv2d(inner, width, 1)
        self.norm_channel = ChannelNorm(width)
        self.channel = nn.Sequential(
            nn.Conv2d(width, 2 * width, 1), ACTIVATIONS[activation](), nn.Conv2d(inner, width, 1)
        )
        self.dropout = nn.Dropout(dropout)
        # Both branches start closed, so a deep network starts as the identity.
        self.beta = nn.Parameter(torch.zeros(width, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Shape (B, C, H, W) to the same shape."""
        y = self.space(self.norm_space(x))
        x = x + self.beta * self.dropout(self.space_out(y * self.attention(y)))
        return x + self.gamma * self.dropout(self.channel(self.norm_channel(x)))


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Shape (B, C, H, W) to the same shape."""
        last = layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6)
        return last.permute(0, 3, 1, 2)
