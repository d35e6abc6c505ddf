"""Crops of slices of one domain for a translator: of bodies, scaled, perhaps mirrored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.body import Mask
from pipeline.domain_scale import DomainScale
from pipeline.physics.noise import addressed_random
from pipeline.tiling import Window
from pipeline.training.regions import SceneError
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place

TRIES = 8
"""Places that are drawn for a crop, until one has its middle in a body."""


class DomainCrops:
    """Draws crops of a domain; every draw is a function of its address alone.

    Parameters
    ----------
    scenes : Scenes
    bodies : sequence of array, shape (H, W), bool
        Where the body lies in each region.
    scale : DomainScale

    Raises
    ------
    SceneError
        If no region is as large as a crop.
    """

    def __init__(self, scenes: Scenes, bodies: Sequence[Mask], scale: DomainScale) -> None:
        self._scenes, self._bodies, self._scale = scenes, bodies, scale

    @property
    def bands(self) -> int:
        """Planes of an image."""
        return self._scenes.bands

    def batch(self, *address: object, count: int, crop: int) -> Tensor:
        """Draw crops, shape (B, C, crop, crop), in the scale of the domain."""
        return self.at(self.places(*address, count=count, crop=crop), crop)

    def places(self, *address: object, count: int, crop: int) -> list[Place]:
        """Draw where crops lie, each by its own address."""
        fits = [n for n, body in enumerate(self._bodies) if min(body.shape) >= crop]
        if not fits:
            largest = max(min(body.shape) for body in self._bodies)
            raise SceneError(
                f"no slice is as large as a crop of {crop} px; the largest is {largest} px: take a smaller `crop`"
            )
        return [self._place(fits, crop, addressed_random(*address, slot)) for slot in range(count)]

    def at(self, places: Sequence[Place], crop: int) -> Tensor:
        """Crops at some places, shape (B, C, crop, crop), in the scale of the domain; 0 where nothing is known."""
        crops = self._scenes.crops(places, crop)
        return torch.where(crops.mask, 0, self._scale.apply(crops.pixels))

    def _place(self, fits: list[int], crop: int, random: np.random.Generator) -> Place:
        region, mirrored = fits[int(random.integers(len(fits)))], bool(random.integers(2))
        body = self._bodies[region]
        for _ in range(TRIES):
            y0, x0 = (int(random.integers(length - crop + 1)) for length in body.shape)
            if body[y0 + crop // 2, x0 + crop // 2]:
                break
        return Place(region, Window(y0, x0, crop, crop), 0, mirrored)
