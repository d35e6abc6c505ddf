"""What a field costs: multiplications per pixel, counted from the shapes that convolutions have in a tile."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.networks.doubling import Doubling
from pipeline.networks.field_generator import FieldGenerator, FieldInput, latents_for
from pipeline.tiling import Window

ENDLESS = 2**16
"""Width in px of an image whose border costs next to nothing; it is never painted."""


def work_per_pixel(generator: FieldGenerator, tile: int) -> float:
    """Multiplications of all convolutions for each pixel of a tile that is kept.

    Parameters
    ----------
    generator : FieldGenerator
        A module; it is left as it is.
    tile : int
        Width in px, a multiple of its stride; ``ENDLESS`` gives the least that there can be.
    """
    assert isinstance(generator, nn.Module)
    shadow = deepcopy(generator).to("meta")
    total = [0]

    def count(layer: nn.Module, given: tuple[Tensor], made: Tensor) -> None:
        # A convolution multiplies for each pixel that it makes, a transposed one for each that it is given.
        pixels = made if isinstance(layer, nn.Conv2d) else given[0]
        assert isinstance(layer.weight, Tensor)
        planes = given[0].shape[1] if isinstance(layer, Doubling) else 1
        total[0] += planes * layer.weight.numel() * pixels.shape[-2] * pixels.shape[-1]

    for layer in shadow.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | Doubling):
            layer.register_forward_hook(count)
    shadow(_shapes(generator, tile))
    return total[0] / tile**2


def _shapes(generator: FieldGenerator, tile: int) -> FieldInput:
    cells = latents_for(generator, Window(0, 0, tile, tile))

    def empty(*shape: int, dtype: Any = torch.float32) -> Tensor:
        return torch.empty(1, *shape, device="meta", dtype=dtype)

    windows = [(layer.planes, layer.window(cells)) for layer in generator.noise_layers]
    return FieldInput(
        empty(generator.latents, cells.height, cells.width),
        tuple(empty(planes, window.height, window.width) for planes, window in windows),
        empty(cells.height, dtype=torch.int64),
        empty(cells.width, dtype=torch.int64),
        empty(generator.whole),
        empty(generator.waves),
    )
