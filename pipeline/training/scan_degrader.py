"""Training batches of a scanner: whole slices, turned and scanned anew on the device, of which crops are seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.networks.inputs import RestorationInput
from pipeline.networks.preparation import Preparation
from pipeline.physics.noise import addressed_generator, addressed_random, draw_each, told_sigma_of_each
from pipeline.tiling import Window
from pipeline.training.degradation import Batch, noise_level
from pipeline.training.slices import SliceKind, Slices
from pipeline.training.task import TrainingError

FEWEST_CROPS, MOST_CROPS = 4, 8
"""Of a slice. A scan of a whole one costs as much as a network on several crops, and these can all be of one. A large
slice has room for more, but a batch of many is to be of several slices."""


class ScanDegrader:
    """Draws batches; every slice and every crop is a function of its address and of nothing else.

    As :class:`~pipeline.training.degradation.Degrader`, but what an instrument does to a slice it does to all of it.

    Parameters
    ----------
    slices : Slices
        Of the role that is drawn from, with what they are seen by. Those of a batch are of one kind.
    preparation : Preparation
        How the network is to see the data.
    device : torch.device
    """

    def __init__(self, slices: Slices, preparation: Preparation, device: torch.device) -> None:
        self._role, self.preparation, self._device = slices, preparation, device

    @property
    def plain(self) -> ScanDegrader:
        """The same: slices are not changed."""
        return self

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> Batch:
        """Draw crops number ``first`` to ``first + count``, of ``crop`` px.

        Crop number ``slot`` depends on ``(*address, slot)`` and its slice on ``(*address, "slice", slot // k)``, where
        ``k`` crops are made of a slice of that size.

        Raises
        ------
        TrainingError
            If a slice is smaller than a crop.
        """
        smallest = self._role.smallest_side
        if crop > smallest:
            raise TrainingError(
                f"crops of {crop} px are asked for, and the smallest slice is {smallest} px wide or high; set a "
                "smaller crop, or leave such slices out"
            )
        slots = range(first, first + count)
        kind = self._role.draw_kind(*address)
        height, width = kind.scanner.size
        each = min(max(height * width // crop**2, FEWEST_CROPS), MOST_CROPS)
        numbers = sorted({slot // each for slot in slots})
        inputs, target, known, operator = self._slices(address, numbers, kind)[:4]
        cuts = [_cut((*address, slot), crop, target.shape[-2:]) for slot in slots]
        of = [numbers.index(slot // each) for slot in slots]

        def cropped(planes: Tensor) -> Tensor:
            return torch.stack([planes[(number, slice(None), *cut.slices)] for number, cut in zip(of, cuts)])

        preview, inverse, sigma, valid = map(cropped, inputs[:4])
        seen = RestorationInput(preview, inverse, sigma, valid, inputs.descriptor[of])
        return Batch(seen, cropped(target), cropped(known), operator)

    def _slices(self, address: tuple[object, ...], numbers: Sequence[int], kind: SliceKind) -> Batch:
        """Whole slices, by their numbers."""
        slices = [(*address, "slice", number) for number in numbers]
        scene, unknown = self._turned(slices, kind)
        own = [addressed_random(*place, "scan") for place in slices]
        operator, each = kind.scanner.batch(addressed_random(*address, "scan"), own)
        noises = [one.noise for one in each]
        generators = [addressed_generator(*place, "noise", device=self._device) for place in slices]
        body = scene.clamp_min(0).masked_fill(unknown, 0)
        data, _ = draw_each(noises, operator.forward(body), generators)
        sigma, operator = told_sigma_of_each(noises, data), kind.scanner.told(operator)
        described = torch.stack([self.preparation.described(one) for one in each]).to(self._device)
        inputs = self.preparation(data, unknown, sigma, noise_level(sigma), operator, described)
        return Batch(inputs, self.preparation.stretch.apply(scene), (~unknown).float(), operator)

    def _turned(self, slices: Sequence[tuple[object, ...]], kind: SliceKind) -> tuple[Tensor, Tensor]:
        """Slices in an orientation of their own, and what is not known of them, shape (B, C, H, W)."""
        (height, width), found = kind.scanner.size, []
        for address in slices:
            random = addressed_random(*address)
            pixels, mask = self._role.planes(kind.draw(random), kind.scanner.size)
            found.append(_turned(torch.stack([pixels, mask.float()]), random, square=height == width))
        pixels, mask = torch.stack(found, 1)
        return pixels, mask > 0


def _cut(address: tuple[object, ...], crop: int, size: Sequence[int]) -> Window:
    random, (height, width) = addressed_random(*address), size
    return Window(int(random.integers(height - crop + 1)), int(random.integers(width - crop + 1)), crop, crop)


def _turned(planes: Tensor, random: np.random.Generator, square: bool) -> Tensor:
    """In one of the eight orientations; of a slice that is not square, in one of the four that keep its shape."""
    turns, mirrored = int(random.integers(4)), bool(random.integers(2))
    planes = torch.rot90(planes, turns if square else turns // 2 * 2, (-2, -1))
    return planes.flip(-1) if mirrored else planes
