"""Crops of the real sky for a generator of fields, as it is to paint them: stretched, turned, without conditions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.physics.noise import addressed_random
from pipeline.stretch import Stretch
from pipeline.tiling import Window
from pipeline.training.regions import SceneError
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place


class RealCrops(NamedTuple):
    """Crops in stretched units, shape (B, C, H, W)."""

    pixels: Tensor
    mask: Tensor
    """True where nobody knows the sky; 0 stands there, which is its level."""


class FieldCrops:
    """Draws crops of a role; every draw is a function of its address alone.

    Parameters
    ----------
    scenes : Scenes
    stretch : Stretch
    turned : bool
        Whether crops are turned by quarter turns and mirrored.
    bounded : bool
        Whether stretched values are cut to 0 to 1, which is all that some generators can paint.

    Raises
    ------
    SceneError
        If no region is as large as a crop.
    """

    def __init__(self, scenes: Scenes, stretch: Stretch, turned: bool = True, bounded: bool = False) -> None:
        self._scenes, self._stretch, self._turned, self._bounded = scenes, stretch, turned, bounded
        self._windows = [region.window for region in scenes.regions]

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> RealCrops:
        """Draw crops number ``first`` to ``first + count``, of ``crop`` px, each by its own address."""
        # By how many places there are in each region: no part of the sky is seen more often than others.
        places = [max(w.height - crop + 1, 0) * max(w.width - crop + 1, 0) for w in self._windows]
        if not sum(places):
            raise SceneError(
                f"no region that may be seen is as large as a crop of {crop} px beside the guards; take smaller "
                "`crops`, fewer folds or larger blocks"
            )
        share = np.array(places) / sum(places)
        drawn = [self._place(share, crop, addressed_random(*address, slot)) for slot in range(first, first + count)]
        crops = self._scenes.crops(drawn, crop)
        stretched = self._stretch.apply(crops.pixels)
        if self._bounded:
            stretched = stretched.clamp(0, 1)
        return RealCrops(torch.where(crops.mask, 0, stretched), crops.mask)

    def _place(self, share: np.ndarray, crop: int, random: np.random.Generator) -> Place:
        region = int(random.choice(len(share), p=share))
        window = self._windows[region]
        y0, x0 = (int(random.integers(length - crop + 1)) for length in (window.height, window.width))
        turns, mirrored = int(random.integers(4)), bool(random.integers(2))
        if not self._turned:
            turns, mirrored = 0, False
        return Place(region, Window(y0, x0, crop, crop), turns, mirrored)
