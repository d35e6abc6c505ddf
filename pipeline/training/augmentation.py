"""Other scenes made of those at hand: turned, enlarged, brightened, before any instrument sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from pipeline.config import Augment
from pipeline.on_device import planes, sent

TAPS = 2
"""Pixels that bicubic interpolation reads on each side of a point."""


@dataclass(frozen=True, eq=False)
class Change:
    """How one scene is changed.

    Parameters
    ----------
    angle : float
        By which it is turned, in radians.
    scale : float
        By which it is enlarged.
    gain : array, shape (C, 1, 1), float32
        By which its light above the sky grows, per band.
    """

    angle: float
    scale: float
    gain: NDArray[np.float32]

    @property
    def moves(self) -> bool:
        """Whether pixels come to lie elsewhere."""
        return self.angle != 0 or self.scale != 1

    def margin(self, size: int) -> int:
        """Pixels beyond a window of ``size`` px that are read on each side."""
        if not self.moves:
            return 0
        reach = (size - 1) / 2 * (abs(math.cos(self.angle)) + abs(math.sin(self.angle))) / self.scale
        return max(math.ceil(reach - (size - 1) / 2) + TAPS, 0)

    @property
    def in_a_mirror(self) -> Change:
        """What makes of the mirrored scene what this makes of the scene, mirrored."""
        return replace(self, angle=-self.angle)


def moved(
    pixels: Tensor, mask: Tensor, flawed: Sequence[int], changes: Sequence[Change], size: int
) -> tuple[Tensor, Tensor]:
    """Turn and enlarge scenes about their middles, by bicubic interpolation.

    Parameters
    ----------
    pixels, mask : Tensor, shape (B, C, W, W)
        Somewhat wider than the result: beyond :meth:`Change.margin` pixels on each side nothing is read.
    flawed : sequence of int
        Scenes with masked pixels; the mask of the result holds every pixel that one of them had a part in.
    changes : sequence of Change
        One for each scene.
    size : int
        Width of the result in px.

    Returns
    -------
    pixels, mask : Tensor, shape (B, C, size, size)
    """
    grid = _grid(changes, size, pixels.shape[-1], pixels.device)
    turned = grid_sample(pixels, grid, "bicubic", "border", align_corners=True)
    masked = torch.zeros_like(turned, dtype=torch.bool)
    if flawed:
        slots = sent(flawed, pixels.device)
        near = _widened(mask[slots]).float()
        masked[slots] = grid_sample(near, grid[slots], "nearest", "border", align_corners=True) > 0
    return turned, masked


def brightened(pixels: Tensor, changes: Sequence[Change], sky: Sequence[float]) -> Tensor:
    """Let the light of scenes grow, shape (B, C, H, W), above the level of the sky per band, which stays."""
    if all((change.gain == 1).all() for change in changes):
        return pixels
    gain, level = sent(np.stack([change.gain for change in changes]), pixels.device), planes(sky, pixels)
    # What does not grow stays the same to the last bit.
    return torch.where(gain == 1, pixels, level + gain * (pixels - level))


def _widened(mask: Tensor) -> Tensor:
    """Masked pixels, shape (B, C, H, W), and those whose interpolation reads one. Pooling takes fifty times as long."""
    for axis in (-2, -1):
        near, size = mask.clone(), mask.shape[axis]
        for step in range(1, TAPS + 1):
            near.narrow(axis, step, size - step).logical_or_(mask.narrow(axis, 0, size - step))
            near.narrow(axis, 0, size - step).logical_or_(mask.narrow(axis, step, size - step))
        mask = near
    return mask


def _grid(changes: Sequence[Change], size: int, width: int, device: torch.device) -> Tensor:
    """Where the pixels of the results lie in scenes of ``width`` px, shape (B, size, size, 2), from -1 to 1."""
    turns = [(math.cos(change.angle) / change.scale, math.sin(change.angle) / change.scale) for change in changes]
    cosine, sine = sent(np.array(turns, np.float32).T, device)[..., None, None]
    steps = torch.arange(size, device=device) - (size - 1) / 2
    down, right = steps[:, None], steps
    places = torch.stack([cosine * right - sine * down, sine * right + cosine * down], -1)
    return places / ((width - 1) / 2)


def draw_change(settings: Augment, bands: int, random: np.random.Generator) -> Change:
    """Draw a change of a scene; most factors evenly in their logarithm.

    Parameters
    ----------
    settings : Augment
    bands : int
    random : Generator
        Every call takes as many numbers from it, whatever they come to.
    """
    used, turn, size, bright = random.random() < settings.share, random.random(), random.random(), random.random()
    coloured = random.random((bands, 1, 1))
    if not used:
        return Change(0.0, 1.0, np.ones((bands, 1, 1), np.float32))
    gain = _factor(settings.brightness or 1.0, bright) * settings.colour ** (2 * coloured - 1)
    # A quarter turn and its mirror image are drawn elsewhere.
    return Change(
        turn * math.pi / 2 if settings.rotation else 0.0, _factor(settings.scale, size), gain.astype(np.float32)
    )


def _factor(most: float, share: float) -> float:
    return most ** (2 * share - 1)


def largest_margin(settings: Augment, size: int) -> int:
    """Pixels beyond a window of ``size`` px that any change which may be drawn reads on each side."""
    same = np.ones((1, 1, 1), np.float32)
    return Change(math.pi / 4 if settings.rotation else 0.0, 1 / settings.scale, same).margin(size)
