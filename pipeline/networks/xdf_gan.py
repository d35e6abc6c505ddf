"""The generator of Smith and Geach 2019, "Generative deep fields", MNRAS 490, 4985: a baseline, as published.

Layers, widths and activations are those of the authors' training script.
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn
from torch.nn.functional import elu

from pipeline.networks.field_generator import FieldInput, NoiseLayer


class XdfGan(nn.Module):
    """Four transposed convolutions of stride 2, with two of stride 1 behind each but the first; sigmoid output.

    Every layer pads with zeros, which spoils the border of what it paints: the authors paint overlapping tiles and cut
    the borders away. A tile with ``halo`` latent cells more on each side holds no such pixel. Its output is bounded:
    the brightest sources are all of one brightness.

    Parameters
    ----------
    bands : int
        Planes of the image; published with 3.
    width : int
        Channels of the finest layers, 32 as published; they double towards coarser ones.
    latents : int
        Planes of latents, 50 as published.
    """

    stride = 16
    whole = 0
    waves = 0
    noise_layers: tuple[NoiseLayer, ...] = ()

    def __init__(self, bands: int, width: int = 32, latents: int = 50) -> None:
        super().__init__()
        self.bands, self.latents = bands, latents
        widths = [8 * width, 4 * width, 2 * width, width]
        self.first = nn.ConvTranspose2d(latents, widths[0], 4, stride=2, padding=1)
        self.blocks = nn.ModuleList(_Block(before, after) for before, after in itertools.pairwise(widths))
        self.last = nn.ConvTranspose2d(width, bands, 3, padding=1)
        self.halo = self._reach()
        for weights in self.parameters():
            nn.init.zeros_(weights) if weights.ndim == 1 else nn.init.xavier_uniform_(weights)

    def forward(self, given: FieldInput) -> Tensor:
        """Paint values from 0 to 1, shape (B, bands, 16 n, 16 m), from latents of (n + 2 halo) x (m + 2 halo) cells."""
        cut = self.halo * self.stride
        return self.with_borders(given.local)[..., cut:-cut, cut:-cut]

    def tessellate(self, tile: int) -> None:
        """Paint tiles of which ``tile`` px are kept as the authors do: 1.5 times as wide, 2.25 times the work."""
        self.halo = max(self.halo, -(-tile // (4 * self.stride)))

    def with_borders(self, local: Tensor) -> Tensor:
        """All that it paints from latents, shape (B, Z, h, w), with the border that zeros had a part in."""
        x = elu(self.first(local))
        for block in self.blocks:
            x = block(x)
        return self.last(x).sigmoid()

    def _reach(self) -> int:
        """Latent cells on each side of one that decide its pixels."""
        low, high = 0 - 1, self.stride - 1 + 1
        for _ in self.blocks:
            low, high = low - 2 * 2, high + 2 * 1
            low, high = -(-(low - 2) // 2), (high + 1) // 2
        low, high = -(-(low - 2) // 2), (high + 1) // 2
        return max(-low, high)


class _Block(nn.Module):
    """Twice the resolution, and two layers behind that."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.wide = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
        self.fine = nn.ModuleList(nn.ConvTranspose2d(after, after, 4, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = elu(self.wide(x))
        for layer in self.fine:
            # A filter of even width adds a pixel, which "same" padding cuts off at the end.
            x = elu(layer(x)[..., :-1, :-1])
        return x
