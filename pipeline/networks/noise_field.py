"""Noise that belongs to the places of an image, so that every tile is drawn from one field."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.physics.noise import addressed_generator
from pipeline.tiling import Window

BLOCK = 64
"""Width in px of the squares that are drawn together; by no tile's choice."""


def noise_field(address: tuple[object, ...], window: Window, planes: int) -> Tensor:
    """White noise of standard deviation 1 in a window, which may reach beyond the image, shape (1, planes, H, W).

    Parameters
    ----------
    address : tuple
        Whose field: the same address and place give the same noise, whatever the window.
    window : Window
    planes : int
    """
    top, left = window.y0 // BLOCK, window.x0 // BLOCK
    rows = [
        torch.cat([_block((*address, y, x), planes) for x in range(left, -(-window.x1 // BLOCK))], -1)
        for y in range(top, -(-window.y1 // BLOCK))
    ]
    within = window.relative_to(Window(top * BLOCK, left * BLOCK, 0, 0))
    return torch.cat(rows, -2)[(..., *within.slices)]


def _block(address: tuple[object, ...], planes: int) -> Tensor:
    return torch.randn(1, planes, BLOCK, BLOCK, generator=addressed_generator(*address))
