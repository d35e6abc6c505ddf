"""What every generator of fields is given and says of itself, so that any window can be painted alone."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from pipeline.tiling import Window

NEAR = 26
"""Bits of a cell's number that are multiplied by a wave number by themselves."""


class NoiseLayer(NamedTuple):
    """Noise that a generator adds within: on which grid, and how far inside the window of its latents."""

    name: str
    scale: int
    """Cells of this layer for each latent cell, along one axis."""
    inset: int
    """Cells that lie between the border of the latents' window and that of this layer's."""
    planes: int

    def window(self, latents: Window) -> Window:
        """The cells of this layer that belong to a window of latents, both on grids that begin at (0, 0)."""
        return Window(
            latents.y0 * self.scale, latents.x0 * self.scale, latents.height * self.scale, latents.width * self.scale
        ).grown(-self.inset)


class FieldInput(NamedTuple):
    """One batch for a generator of fields.

    Parameters
    ----------
    local : Tensor, shape (B, Z, h, w)
        Latents that belong to a place; white, of standard deviation 1.
    noises : tuple of Tensor, each of shape (B, planes, h', w')
        White, one for each of the generator's ``noise_layers``.
    rows, columns : Tensor, shape (B, h) and (B, w), int64
        Where the latents lie, in cells; periodic latents go by it.
    whole : Tensor, shape (B, G)
        Latents that belong to a field as a whole, evenly from -1 to 1.
    phases : Tensor, shape (B, P)
        Of its waves, in turns from 0 to 1.
    """

    local: Tensor
    noises: tuple[Tensor, ...]
    rows: Tensor
    columns: Tensor
    whole: Tensor
    phases: Tensor


class FieldGenerator(Protocol):
    """Paints a window of a field: stretched values, shape (B, bands, stride n, stride m), from n + 2 halo cells."""

    bands: int
    latents: int
    """Planes of latents that belong to a place."""
    whole: int
    """Latents that belong to a field as a whole."""
    waves: int
    """Periodic planes."""
    stride: int
    """Pixels for each latent cell, along one axis."""
    halo: int
    """Latent cells beyond a window that decide its pixels, on each side."""
    noise_layers: tuple[NoiseLayer, ...]

    def __call__(self, given: FieldInput, /) -> Tensor:
        """Paint a batch."""
        ...


def latents_for(generator: FieldGenerator, pixels: Window) -> Window:
    """The latent cells from which a generator paints a window of pixels between multiples of its stride.

    Raises
    ------
    ValueError
        If the window does not lie between such multiples.
    """
    stride = generator.stride
    if any(edge % stride for edge in (pixels.y0, pixels.x0, pixels.y1, pixels.x1)):
        raise ValueError(f"{pixels.in_words}: a window between multiples of {stride} px is needed")
    cells = Window(pixels.y0 // stride, pixels.x0 // stride, pixels.height // stride, pixels.width // stride)
    return cells.grown(generator.halo)


def reach_of(generator: FieldGenerator) -> int | None:
    """Pixels from which on two pixels share no latent; None where all share some."""
    if generator.whole or generator.waves:
        return None
    return (2 * generator.halo + 1) * generator.stride


def drawn_input(generator: FieldGenerator, count: int, size: int, random: torch.Generator) -> FieldInput:
    """Latents and noise of ``count`` crops of ``size`` px, each from anywhere in a field of its own.

    Parameters
    ----------
    generator : FieldGenerator
    count : int
    size : int
        A multiple of its stride.
    random : Generator
        On the CPU.
    """
    window = latents_for(generator, Window(0, 0, size, size))

    def normal(planes: int, part: Window) -> Tensor:
        return torch.randn(count, planes, part.height, part.width, generator=random)

    local = normal(generator.latents, window)
    noises = tuple(normal(layer.planes, layer.window(window)) for layer in generator.noise_layers)
    corners = torch.randint(-(2**20), 2**20, (2, count, 1), generator=random)
    rows, columns = (corner + torch.arange(length) for corner, length in zip(corners, local.shape[-2:]))
    whole = 2 * torch.rand(count, generator.whole, generator=random) - 1
    return FieldInput(local, noises, rows, columns, whole, torch.rand(count, generator.waves, generator=random))


def waves(numbers: Tensor, given: FieldInput) -> Tensor:
    """Periodic latents ``sin(k1 row + k2 column + phase)``, shape (B, P, h, w) (Bergmann, Jetchev and Vollgraf 2017).

    Worked out in turns, so that they have a phase however far out.

    Parameters
    ----------
    numbers : Tensor, shape (B, P, 2)
        Wave numbers in turns per cell.
    given : FieldInput
    """
    down, right = _turns(numbers[:, :, :1], given.rows), _turns(numbers[:, :, 1:], given.columns)
    turns = down[..., :, None] + right[..., None, :] + given.phases.double()[..., None, None]
    return (2 * math.pi * turns).sin().to(given.local.dtype)


def _turns(numbers: Tensor, cells: Tensor) -> Tensor:
    """Turns of waves at cells, shape (B, P, n), but for whole ones.

    Cells are split in two, since a product with more than 2^53 of them would leave no fraction in double precision.
    """
    far, near = cells >> NEAR, cells & (2**NEAR - 1)
    each = numbers.double()
    return ((each * 2**NEAR).frac() * far[:, None].double() + each * near[:, None].double()).frac()
