"""Training batches: crops of truth, turned, degraded anew at every step on the training device."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.config import Augment, Defects
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.preparation import Preparation
from pipeline.on_device import sent
from pipeline.physics.defects import damage
from pipeline.physics.galaxygan import clip
from pipeline.physics.noise import Noise, addressed_generator, addressed_random, draw_each, told_sigma_of_each
from pipeline.physics.operator import Operator
from pipeline.tiling import Window
from pipeline.training.augmentation import Change, brightened, draw_change, largest_margin, moved
from pipeline.training.flaws import Flaws, draw_flaws, filled, flawed
from pipeline.training.instruments import Instruments
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place

UNCHANGED = Augment(share=0)
LEVEL_STEP = 8
"""A crop's noise level is the median over every eighth row and column: that of all takes as long as all else."""


class Batch(NamedTuple):
    """What a step of training sees, in stretched units."""

    inputs: RestorationInput
    target: Tensor
    """Truth, shape (B, C, H, W)."""
    weight: Tensor
    """1 where the network is asked for the truth, shape (B, C, H, W): where it is known and was observed, or is known
    and the study's defects took it."""
    operator: Operator
    """What was done to each scene."""
    worth: Tensor | float = 1.0
    """What a mean over these trusted pixels counts beside those of other processes that share the batch."""


class Draw(NamedTuple):
    """One crop as its address has it, before anything is computed."""

    place: Place
    """Where the instrument looks, its halo with it."""
    change: Change
    instrument: float
    told: float
    """The instrument that the network is told, a number of its own."""
    noise: Noise
    flaws: Flaws


class Degrader:
    """Draws batches; every draw is a function of its address and of nothing else.

    Parameters
    ----------
    scenes : Scenes
        Truth of the role that is drawn from.
    instruments : Instruments
        What the truth is seen through.
    preparation : Preparation
        How the network is to see the data.
    clipped : bool
        Clip the data as the code of GalaxyGAN does.
    device : torch.device
    defects : Defects, optional
        What the detector loses. Where there are any, the network learns to repair: it is asked for the truth under lost
        and dead pixels too.
    augment : Augment
        What is done to a scene before it is seen.
    """

    def __init__(
        self,
        scenes: Scenes,
        instruments: Instruments,
        preparation: Preparation,
        clipped: bool,
        device: torch.device,
        defects: Defects | None = None,
        augment: Augment = UNCHANGED,
    ) -> None:
        self._scenes, self._instruments, self.preparation = scenes, instruments, preparation
        self._clipped, self._device, self._augment = clipped, device, augment
        self._defects = defects if defects is not None and defects.any else None

    @property
    def plain(self) -> Degrader:
        """The same, of scenes as they are."""
        plain = copy(self)
        plain._augment = UNCHANGED
        return plain

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> Batch:
        """Draw crops number ``first`` to ``first + count``, of ``crop`` px.

        Crop number ``slot`` depends on ``(*address, slot)`` alone, so that several processes can draw one batch.
        """
        addresses = [(*address, slot) for slot in range(first, first + count)]
        draws = [self._draw(place, crop) for place in addresses]
        scene, unknown, holed = self._changed(draws)
        scene = filled(scene, unknown, holed)
        operator = self._instruments.true([d.instrument for d in draws])
        generators = [addressed_generator(*place, "noise", device=self._device) for place in addresses]
        noises = [d.noise for d in draws]
        data, sigma = draw_each(noises, operator.seen(scene), generators)
        unknown = inner(unknown, operator.halo)
        lost = unknown
        if self._defects is not None:
            places = [(*place, "defects") for place in addresses]
            data, damaged = damage(data, sigma, self._defects, places, range(data.shape[1]), crops=True)
            lost, holed = unknown | damaged, list(range(count))
        data = clip(data) if self._clipped else data
        data, mask, outside = flawed(data, lost, [d.flaws for d in draws], holed)
        not_asked = mask if self._defects is None else unknown | outside
        told_sigma = told_sigma_of_each(noises, data)
        inputs = self._prepared(data, mask, told_sigma, [d.told for d in draws])
        target = self.preparation.stretch.apply(inner(scene, operator.halo + operator.inverse_halo))
        return Batch(inputs, target, (~inner(not_asked, operator.inverse_halo)).float(), operator)

    def _draw(self, address: tuple[object, ...], crop: int) -> Draw:
        random = addressed_random(*address)
        size = crop + 2 * self._instruments.inverse_halo
        region = int(random.choice(len(self._scenes), p=self._scenes.share))
        place, change = self._place(region, random, size + 2 * self._instruments.halo)
        seen = told = self._instruments.draw(random)
        if self._instruments.mistaken:
            told = self._instruments.draw_told(addressed_random(*address, "told"), seen)
        sky = self._scenes.sky_sigma(region) if self._instruments.relative_to_sky else ()
        background = self._scenes.backgrounds.at(place) if self._instruments.counts_photons else ()
        noise = self._instruments.noise(random, seen, sky, background)
        return Draw(place, change, seen, told, noise, draw_flaws(random, size))

    def _place(self, index: int, random: np.random.Generator, size: int) -> tuple[Place, Change]:
        """A window of a region in one of the eight orientations, and how the scene is changed that is seen there."""
        region = self._scenes.regions[index].window
        window = Window(_start(random, region.height, size), _start(random, region.width, size), size, size)
        turns, mirrored = int(random.integers(4)), bool(random.integers(2))
        change = draw_change(self._augment, self._scenes.bands, random)
        return Place(index, window, turns, mirrored), change.in_a_mirror if mirrored else change

    def _changed(self, draws: Sequence[Draw]) -> tuple[Tensor, Tensor, list[int]]:
        """Scenes and masks of some draws, shape (B, C, H, W), and which of them have anything masked."""
        size = draws[0].place.window.height
        scene = torch.empty(len(draws), self._scenes.bands, size, size, device=self._device)
        unknown, holed = torch.zeros_like(scene, dtype=torch.bool), []
        for moves in (False, True):
            slots = [slot for slot, draw in enumerate(draws) if draw.change.moves == moves]
            if not slots:
                continue
            changes = [draws[slot].change for slot in slots]
            places = [draws[slot].place.grown(change.margin(size)) for slot, change in zip(slots, changes)]
            # As wide for every scene: no digit of one may depend on the others.
            crops = self._scenes.crops(places, size + 2 * largest_margin(self._augment, size) if moves else size)
            pixels, mask = moved(*crops, changes, size) if moves else crops[:2]
            scene.index_copy_(0, self._sent(slots), pixels)
            if crops.flawed:
                unknown.index_copy_(0, self._sent(slots), mask)
                holed += [slots[k] for k in crops.flawed]
        return brightened(scene, [d.change for d in draws], self.preparation.stretch.offset), unknown, sorted(holed)

    def _prepared(self, data: Tensor, mask: Tensor, sigma: Tensor, told: list[float]) -> RestorationInput:
        operator, described = self._instruments.told(told), self._instruments.descriptors(told)
        return self.preparation(data, mask, sigma, noise_level(sigma), operator, described)

    def _sent(self, numbers: list[int]) -> Tensor:
        return sent(numbers, self._device)


def _start(random: np.random.Generator, length: int, size: int) -> int:
    return int(random.integers(length - size + 1)) if length >= size else (length - size) // 2


def noise_level(sigma: Tensor) -> Tensor:
    """The noise of each image and band, shape (B, C), as one number: the median of some of its pixels."""
    # By sorting: on a GPU torch's own differs from run to run in which of equals it takes.
    ranked = sigma[..., ::LEVEL_STEP, ::LEVEL_STEP].flatten(2).sort(-1).values
    return ranked[..., (ranked.shape[-1] - 1) // 2]


def inner(image: Tensor, margin: int) -> Tensor:
    """An image without ``margin`` pixels on each side."""
    return image[..., margin : image.shape[-2] - margin, margin : image.shape[-1] - margin]
