"""Training batches: crops of truth, turned, degraded anew at every step on the training device."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.fill import fill_masked
from pipeline.image import Image
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.preparation import Preparation
from pipeline.physics.blur import INVERSE_HALO, Blur, convolve_valid
from pipeline.physics.galaxygan import clip
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.tiling import Window, read_reflected
from pipeline.training.instruments import Instruments
from pipeline.training.scenes import Scenes

BORDER_SHARE = 0.25
"""Share of the crops that end at a border: there the network learns to do without one side."""
BAD_PIXEL_SHARE = 0.25
"""Share of the crops with dead pixels ..."""
BAD_PIXELS = 0.005
"""... and how many of theirs are dead."""


class Batch(NamedTuple):
    """What a step of training sees, in stretched units."""

    inputs: RestorationInput
    target: Tensor
    """Truth, shape (B, C, H, W)."""
    weight: Tensor
    """1 where the truth is known and lies within the border, shape (B, C, H, W)."""


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
    """

    def __init__(
        self, scenes: Scenes, instruments: Instruments, preparation: Preparation, clipped: bool, device: torch.device
    ) -> None:
        self._scenes, self._instruments, self.preparation = scenes, instruments, preparation
        self._clipped, self._device = clipped, device
        self._sky_sigma: dict[int, list[float]] = {}

    def batch(self, *address: object, count: int, crop: int) -> Batch:
        """Draw ``count`` crops of ``crop`` px."""
        samples = [self._sample((*address, slot), crop) for slot in range(count)]
        truth, data, mask, sigma, weight = (torch.stack(part) for part in list(zip(*samples))[:5])
        psf = torch.stack([self._instruments.psfs[s[5]] for s in samples])
        described = torch.stack([self._instruments.descriptors[s[5]] for s in samples])
        operator = Blur(psf, GaussianNoise((0.0,) * psf.shape[1]))
        level = sigma.flatten(2).median(-1).values
        inputs = self.preparation(data, mask, sigma, level, operator, described)
        return Batch(inputs, self.preparation.stretch.apply(truth), weight)

    def _sample(self, address: tuple[object, ...], crop: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, int]:
        random = np.random.Generator(np.random.Philox(key=addressed_generator(*address).initial_seed() & (2**64 - 1)))
        size, halo = crop + 2 * INVERSE_HALO, self._instruments.halo
        index = int(random.choice(len(self._scenes), p=self._scenes.share))
        region = self._scenes.region(index)
        scene, known = self._turned(region, random, size + 2 * halo)
        choice = self._instruments.psf_index(random)
        psf = self._instruments.psfs[choice]
        noise = self._instruments.noise(random, psf, self._sky(index, region))
        clean = convolve_valid(scene[None], psf)
        generators = [addressed_generator(*address, band, device=self._device) for band in range(len(psf))]
        data = noise.draw(clean, generators)[0]
        if self._clipped:
            data = clip(data)
        data, mask = _with_border(data, random)
        data, mask = _with_bad_pixels(data, mask, random)
        centre = slice(INVERSE_HALO, INVERSE_HALO + crop)
        inner = slice(halo + INVERSE_HALO, halo + INVERSE_HALO + crop)
        known = known[:, inner, inner] & ~mask[:, centre, centre]
        return scene[:, inner, inner], data, mask, noise.sigma(clean)[0], known.float(), choice

    def _turned(self, region: Image, random: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """A window of a region in one of the eight orientations; a small region is continued by reflection."""
        height, width = region.shape[-2:]
        window = Window(_start(random, height, size), _start(random, width, size), size, size)
        turns, mirrored = int(random.integers(4)), bool(random.integers(2))
        planes = []
        for array in (region.pixels, ~region.mask):
            part = np.rot90(read_reflected(array, window), turns, (-2, -1))
            part = part[..., ::-1] if mirrored else part
            planes.append(torch.from_numpy(np.ascontiguousarray(part)).to(self._device))
        return planes[0], planes[1]

    def _sky(self, index: int, region: Image) -> list[float]:
        if index not in self._sky_sigma:
            bands = range(region.shape[0])
            self._sky_sigma[index] = [sky_level_and_sigma(region.pixels[c][~region.mask[c]])[1] for c in bands]
        return self._sky_sigma[index]


def _start(random: np.random.Generator, length: int, size: int) -> int:
    return int(random.integers(length - size + 1)) if length >= size else (length - size) // 2


def _with_border(data: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """End the data somewhere on one side, as an image ends: beyond, they are reflected and masked."""
    mask = torch.zeros_like(data, dtype=torch.bool)
    size = data.shape[-1]
    share, at, axis, far = (
        random.random(),
        int(random.integers(size // 2)),
        -1 - int(random.integers(2)),
        random.integers(2),
    )
    if share >= BORDER_SHARE:
        return data, mask
    positions = torch.arange(size, device=data.device)
    source, beyond = torch.where(positions < at, 2 * at - positions, positions), positions < at
    if far:
        source, beyond = (size - 1 - source).flip(0), beyond.flip(0)
    return data.index_select(axis, source), mask | (beyond if axis == -1 else beyond[:, None])


def _with_bad_pixels(data: Tensor, mask: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    share, seed = random.random(), int(random.integers(2**62))
    if share >= BAD_PIXEL_SHARE:
        return data, mask
    dead = torch.rand(data.shape[-2:], generator=addressed_generator(seed, device=data.device), device=data.device)
    dead = (dead < BAD_PIXELS).expand_as(data)
    return fill_masked(data, dead), mask | dead
