"""A generator of fields without padding: what it paints depends on no border, so tiles fit together exactly."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from pipeline.networks.doubling import Doubling
from pipeline.networks.field_generator import FieldInput, NoiseLayer, waves

DOUBLINGS = 3
"""From a latent cell to its 8 x 8 pixels."""
SLOPE = 0.2
"""Of the leaky rectifiers, below zero."""


class _Layer(NamedTuple):
    """A convolution: channels before and after it, doublings before it, and planes of noise that are added."""

    before: int
    after: int
    doublings: int
    noise: int


class Sgan(nn.Module):
    """Convolutions without padding, between doublings by smoothed nearest neighbours, with noise added in each.

    Resize-and-convolve leaves no chequerboard (Odena, Dumoulin and Olah 2016), noise in every layer is where fine
    texture comes from (Karras, Laine and Aila 2019, section 3.2), and the last layer is linear: in the stretched units
    of an asinh, no source is too bright.

    Beside latents that belong to a place, it may have those that belong to a whole field, and waves whose numbers the
    former choose (periodic spatial GAN, Bergmann, Jetchev and Vollgraf 2017).

    Parameters
    ----------
    bands : int
        Planes of the image.
    width : int
        Channels at full resolution; twice as many at half, four times at what is coarser.
    latents : int
        Planes of latents that belong to a place.
    whole : int
        Latents that belong to a field as a whole.
    periodic : int
        Waves.
    depth : int
        Convolutions among latent cells, each of which widens what one latent decides by 8 px on each side.
    """

    stride = 2**DOUBLINGS

    def __init__(
        self, bands: int, width: int = 24, latents: int = 16, whole: int = 0, periodic: int = 0, depth: int = 2
    ) -> None:
        super().__init__()
        self.bands, self.latents, self.whole, self.waves = bands, latents, whole, periodic
        coarse = 4 * width
        plan = [_Layer(latents + whole + periodic, coarse, 0, 1), *[_Layer(coarse, coarse, 0, 1)] * (depth - 1)]
        plan += [_Layer(coarse, coarse, 1, 1), _Layer(coarse, 2 * width, 2, 1)]
        # Noise for each band, which the last filter may leave white or smooth.
        plan += [_Layer(2 * width, width, 3, bands), _Layer(width, width, 3, 0)]
        self.layers = nn.ModuleList(nn.Conv2d(layer.before, layer.after, 3) for layer in plan)
        self.mixers = nn.ModuleList(nn.Conv2d(layer.noise, layer.after, 1, bias=False) for layer in plan if layer.noise)
        self.last = nn.Conv2d(width, bands, 1)
        self.doubling = Doubling()
        if periodic:
            self.numbers = nn.Linear(whole, 2 * periodic) if whole else nn.Embedding(1, 2 * periodic)
        self._doublings = [layer.doublings for layer in plan]

        found, inset, before = [], 0, 0
        for number, layer in enumerate(plan):
            if layer.doublings > before:
                inset, before = 2 * inset + self.doubling.border, layer.doublings
            inset += 1
            if layer.noise:
                found.append(NoiseLayer(f"noise{number}", 2**layer.doublings, inset, layer.noise))
        self.noise_layers = tuple(found)
        self.halo = -(-inset // self.stride)
        self._spare = self.halo * self.stride - inset
        self._initialise()
        # With a pixel's channels side by side in memory, a CPU takes three quarters of the time.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's types lack it

    def forward(self, given: FieldInput) -> Tensor:
        """Paint stretched values, shape (B, bands, 8 n, 8 m), from latents of (n + 2 halo) x (m + 2 halo) cells."""
        x, doublings = self._latents(given), 0
        noises = iter(zip(self.mixers, given.noises, strict=True))
        for layer, wanted in zip(self.layers, self._doublings):
            if wanted > doublings:
                x, doublings = self.doubling(x), wanted
            x = layer(x)
            mixer, noise = next(noises, (None, None))
            x = leaky_relu(x if mixer is None else x + mixer(noise), SLOPE)
        painted = self.last(x)
        rows, columns = (slice(self._spare, length - self._spare) for length in painted.shape[-2:])
        return painted[..., rows, columns]

    def _latents(self, given: FieldInput) -> Tensor:
        parts, (height, width) = [given.local], given.local.shape[-2:]
        if self.whole:
            parts.append(given.whole[..., None, None].expand(-1, -1, height, width))
        if self.waves:
            numbers = self.numbers(given.whole) if self.whole else self.numbers.weight.expand(len(given.local), -1)
            parts.append(waves(numbers.unflatten(1, (-1, 2)), given))
        return torch.cat(parts, 1)

    @torch.no_grad()
    def _initialise(self) -> None:
        for name, weights in self.named_parameters():
            if name.startswith("mixers"):
                nn.init.normal_(weights, std=0.3)
            elif name.startswith("numbers"):
                # Waves of three cells and more.
                nn.init.uniform_(weights, -0.3, 0.3)
            elif weights.ndim == 1:
                nn.init.zeros_(weights)
            elif name.startswith("layers"):
                nn.init.kaiming_normal_(weights, a=SLOPE)
