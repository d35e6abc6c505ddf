"""Training batches of a scanner: whole slices, turned and scanned anew on the device, of which crops are seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.networks.inputs import RestorationInput
from pipeline.networks.preparation import Preparation
from pipeline.physics.noise import addressed_generator, addressed_random, draw_each, told_sigma_of_each
from pipeline.physics.scanner import Scanner
from pipeline.tiling import Window
from pipeline.training.degradation import Batch, noise_level
from pipeline.training.scenes import Scenes
from pipeline.training.task import TrainingError
from pipeline.training.truth import Place

CROPS_OF_A_SLICE = 4
"""A scan of a whole slice costs as much as a network on several crops, and these can all be of one."""


class ScanDegrader:
    """Draws batches; every slice and every crop is a function of its address and of nothing else.

    As :class:`~pipeline.training.degradation.Degrader`, but what an instrument does to a slice it does to all of it.

    Parameters
    ----------
    scenes : Scenes
        Slices of the role that is drawn from, of one size.
    scanner : Scanner
        What they are seen by.
    preparation : Preparation
        How the network is to see the data.
    device : torch.device
    """

    def __init__(self, scenes: Scenes, scanner: Scanner, preparation: Preparation, device: torch.device) -> None:
        self._scenes, self._scanner, self.preparation, self._device = scenes, scanner, preparation, device

    @property
    def plain(self) -> ScanDegrader:
        """The same: slices are not changed."""
        return self

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> Batch:
        """Draw crops number ``first`` to ``first + count``, of ``crop`` px.

        Crop number ``slot`` depends on ``(*address, slot)`` and its slice on ``(*address, "slice", slot // 4)``.

        Raises
        ------
        TrainingError
            If a slice is smaller than a crop.
        """
        height, width = self._scanner.size
        if crop > min(height, width):
            raise TrainingError(f"crops of {crop} px are asked for, and slices have {height} x {width}; take smaller")
        slots = range(first, first + count)
        numbers = sorted({slot // CROPS_OF_A_SLICE for slot in slots})
        inputs, target, known = self._slices(address, numbers)[:3]
        cuts = [self._cut((*address, slot), crop) for slot in slots]
        of = [numbers.index(slot // CROPS_OF_A_SLICE) for slot in slots]

        def cropped(planes: Tensor) -> Tensor:
            return torch.stack([planes[(number, slice(None), *cut.slices)] for number, cut in zip(of, cuts)])

        preview, inverse, sigma, valid = map(cropped, inputs[:4])
        seen = RestorationInput(preview, inverse, sigma, valid, inputs.descriptor[of])
        return Batch(seen, cropped(target), cropped(known), self._scanner.of(self._scanner.settings, 0))

    def _slices(self, address: tuple[object, ...], numbers: Sequence[int]) -> Batch:
        """Whole slices, by their numbers."""
        slices = [(*address, "slice", number) for number in numbers]
        scene, unknown = self._turned(slices)
        own = [addressed_random(*place, "scan") for place in slices]
        operator, each = self._scanner.batch(addressed_random(*address, "scan"), own)
        noises = [one.noise for one in each]
        generators = [addressed_generator(*place, "noise", device=self._device) for place in slices]
        body = scene.clamp_min(0).masked_fill(unknown, 0)
        data, _ = draw_each(noises, operator.forward(body), generators)
        sigma, operator = told_sigma_of_each(noises, data), self._scanner.told(operator)
        described = torch.stack([self.preparation.described(one) for one in each]).to(self._device)
        inputs = self.preparation(data, unknown, sigma, noise_level(sigma), operator, described)
        return Batch(inputs, self.preparation.stretch.apply(scene), (~unknown).float(), operator)

    def _turned(self, slices: Sequence[tuple[object, ...]]) -> tuple[Tensor, Tensor]:
        """Slices in an orientation of their own, and what is not known of them, shape (B, C, H, W)."""
        height, width = self._scanner.size
        size, found = max(height, width), []
        for address in slices:
            random = addressed_random(*address)
            region = int(random.choice(len(self._scenes), p=self._scenes.share))
            taken = self._scenes.crops([Place(region, Window(0, 0, size, size))], size)
            both = torch.stack([taken.pixels[0], taken.mask[0].float()])[..., :height, :width]
            found.append(_turned(both, random, square=height == width))
        pixels, mask = torch.stack(found, 1)
        return pixels, mask > 0

    def _cut(self, address: tuple[object, ...], crop: int) -> Window:
        random, (height, width) = addressed_random(*address), self._scanner.size
        return Window(int(random.integers(height - crop + 1)), int(random.integers(width - crop + 1)), crop, crop)


def _turned(planes: Tensor, random: np.random.Generator, square: bool) -> Tensor:
    """In one of the eight orientations; of a slice that is not square, in one of the four that keep its shape."""
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    planes = torch.rot90(planes, turns if square else turns // 2 * 2, (-2, -1))
    return planes.flip(-1) if mirrored else planes
