"""Other scenes made of those at hand: turned, enlarged, brightened, before any instrument sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from pipeline.config import Augment
from pipeline.image import Mask, Pixels

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

    def __call__(self, pixels: Pixels, mask: Mask, size: int, sky: Sequence[float]) -> tuple[Pixels, Mask]:
        """Change a scene.

        Parameters
        ----------
        pixels, mask : array, shape (C, size + 2 margin, size + 2 margin)
            With :meth:`margin` pixels more on each side than the result.
        size : int
            Width of the result in px. Its mask holds every pixel that a masked one had a part in.
        sky : sequence of float
            Level of the sky per band, which stays.

        Returns
        -------
        pixels, mask : array, shape (C, size, size)
        """
        if (self.gain != 1).any():
            level = np.array(sky, np.float32)[:, None, None]
            pixels = level + self.gain * (pixels - level)
        if not self.moves:
            return pixels, mask
        values, flagged = torch.from_numpy(np.ascontiguousarray(pixels)), torch.from_numpy(np.ascontiguousarray(mask))
        grid = self._grid(size, pixels.shape[-1])
        moved = grid_sample(values[None], grid, "bicubic", "border", align_corners=True)[0]
        if not mask.any():
            return moved.numpy(), np.zeros(moved.shape, bool)
        wide = max_pool2d(flagged[None].float(), 2 * TAPS + 1, 1, TAPS)
        return moved.numpy(), (grid_sample(wide, grid, "nearest", "border", align_corners=True)[0] > 0).numpy()

    def _grid(self, size: int, width: int) -> Tensor:
        """Where each pixel of the result lies in the scene, shape (1, size, size, 2), from -1 to 1."""
        steps = torch.arange(size) - (size - 1) / 2
        down, right = torch.meshgrid(steps, steps, indexing="ij")
        cosine, sine = math.cos(self.angle) / self.scale, math.sin(self.angle) / self.scale
        places = torch.stack([cosine * right - sine * down, sine * right + cosine * down], -1)
        return places[None] / ((width - 1) / 2)


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
