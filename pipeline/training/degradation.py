"""Training batches: crops of truth, turned, degraded anew at every step on the training device."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config import Augment, Defects
from pipeline.fill import fill_masked
from pipeline.image import Mask, Pixels
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.preparation import Preparation
from pipeline.physics.blur import INVERSE_HALO, Blur, convolve_valid
from pipeline.physics.defects import damage
from pipeline.physics.galaxygan import clip
from pipeline.physics.noise import GaussianNoise, Noise, addressed_generator
from pipeline.tiling import Window
from pipeline.training.augmentation import draw_change
from pipeline.training.instruments import Instruments
from pipeline.training.scenes import Scenes

UNCHANGED = Augment(share=0)
BORDER_SHARE = 0.25
"""Share of the crops that end at a border: there the network learns to do without one side."""
BAD_PIXEL_SHARE = 0.25
"""Share of the crops with dead pixels ..."""
BAD_PIXELS = 0.005
"""... and how many of theirs are dead."""
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
    psf: Tensor
    """What the instrument did, shape (B, C, K, K)."""
    worth: Tensor | float = 1.0
    """What a mean over these trusted pixels counts beside those of other processes that share the batch."""


class Border(NamedTuple):
    """Where the data of a crop end, as an image ends."""

    axis: int
    source: NDArray[np.intp]
    """For each row or column, the one that is seen there: beyond the border, its mirror image."""
    beyond: NDArray[np.bool_]
    """True for rows or columns beyond the border."""


class Draw(NamedTuple):
    """One crop as its address has it, before anything is computed."""

    scene: Pixels
    mask: Mask
    psf: int
    noise: Noise
    generator: torch.Generator
    border: Border | None
    dead: NDArray[np.bool_] | None


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

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> Batch:
        """Draw crops number ``first`` to ``first + count``, of ``crop`` px.

        Crop number ``slot`` depends on ``(*address, slot)`` alone, so that several processes can draw one batch.
        """
        draws = [self._draw((*address, slot), crop) for slot in range(first, first + count)]
        scene, unknown = (
            torch.from_numpy(np.stack(planes)).to(self._device)
            for planes in ([d.scene for d in draws], [d.mask for d in draws])
        )
        scene = _filled(scene, unknown)
        psf = self._instruments.psfs[[d.psf for d in draws]]
        clean = convolve_valid(scene, psf)
        seen = [d.noise.draw(one[None], [d.generator] * len(one)) for d, one in zip(draws, clean)]
        sigma = torch.cat([d.noise.sigma(one[None]) for d, one in zip(draws, clean)])
        data, unknown = torch.cat(seen), _inner(unknown, self._instruments.halo)
        lost = unknown
        if self._defects is not None:
            places = [(*address, slot, "defects") for slot in range(count)]
            data, damaged = damage(data, sigma, self._defects, places, range(data.shape[1]), crops=True)
            lost = unknown | damaged
        data = clip(data) if self._clipped else data
        data, mask, outside, sigma = _flawed(data, lost, sigma, draws)
        operator = Blur(psf, GaussianNoise((0.0,) * psf.shape[1]))
        described = self._instruments.descriptors[[d.psf for d in draws]]
        level = sigma[..., ::LEVEL_STEP, ::LEVEL_STEP].flatten(2).median(-1).values
        inputs = self.preparation(data, mask, sigma, level, operator, described)
        target = self.preparation.stretch.apply(_inner(scene, self._instruments.halo + INVERSE_HALO))
        not_asked = mask if self._defects is None else unknown | outside
        return Batch(inputs, target, (~_inner(not_asked, INVERSE_HALO)).float(), psf)

    def _draw(self, address: tuple[object, ...], crop: int) -> Draw:
        random = np.random.Generator(np.random.Philox(key=addressed_generator(*address).initial_seed() & (2**64 - 1)))
        size = crop + 2 * INVERSE_HALO
        index = int(random.choice(len(self._scenes), p=self._scenes.share))
        scene, mask = self._turned(index, random, size + 2 * self._instruments.halo)
        psf = self._instruments.psf_index(random)
        sky = self._scenes.sky_sigma(index) if self._instruments.relative_to_sky else ()
        noise = self._instruments.noise(random, psf, sky)
        generator = addressed_generator(*address, "noise", device=self._device)
        return Draw(scene, mask, psf, noise, generator, _border(random, size), _dead(random, size))

    def _turned(self, index: int, random: np.random.Generator, size: int) -> tuple[Pixels, Mask]:
        """A window of a region, changed and in one of the eight orientations; beyond the region it is reflected."""
        region = self._scenes.regions[index].window
        window = Window(_start(random, region.height, size), _start(random, region.width, size), size, size)
        turns, mirrored = int(random.integers(4)), bool(random.integers(2))
        change = draw_change(self._augment, self._scenes.bands, random)
        pixels, mask = self._scenes.crop(index, window.grown(change.margin(size)))
        pixels, mask = change(pixels, mask, size, self.preparation.stretch.offset)
        pixels, mask = np.rot90(pixels, turns, (-2, -1)), np.rot90(mask, turns, (-2, -1))
        return (pixels[..., ::-1], mask[..., ::-1]) if mirrored else (pixels, mask)


def _start(random: np.random.Generator, length: int, size: int) -> int:
    return int(random.integers(length - size + 1)) if length >= size else (length - size) // 2


def _border(random: np.random.Generator, size: int) -> Border | None:
    share, at, axis, far = random.random(), random.integers(size // 2), -1 - int(random.integers(2)), random.integers(2)
    if share >= BORDER_SHARE:
        return None
    positions = np.arange(size)
    beyond = positions < at
    source = np.where(beyond, 2 * at - positions, positions)
    return Border(axis, size - 1 - source[::-1], beyond[::-1]) if far else Border(axis, source, beyond)


def _dead(random: np.random.Generator, size: int) -> NDArray[np.bool_] | None:
    if random.random() >= BAD_PIXEL_SHARE:
        return None
    return random.random((size, size), dtype=np.float32) < BAD_PIXELS


def _flawed(data: Tensor, lost: Tensor, sigma: Tensor, draws: list[Draw]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Data with dead and lost pixels and ends, filled and reflected as a restorer does; their mask; what is beyond."""
    mask, outside = lost.clone(), torch.zeros_like(lost)
    for slot, draw in enumerate(draws):
        if draw.dead is not None:
            mask[slot] |= torch.from_numpy(draw.dead).to(mask.device)
        if draw.border is not None:
            beyond = torch.from_numpy(draw.border.beyond.copy()).to(mask.device)
            outside[slot] |= beyond if draw.border.axis == -1 else beyond[:, None]
    # What lies beyond the border fills no hole within, but holes beyond it need no filling of their own.
    data = _filled(data, mask, outside)
    mask, sigma = mask | outside, sigma.clone()
    for slot, draw in enumerate(draws):
        if draw.border is not None:
            source = torch.from_numpy(draw.border.source.copy()).to(mask.device)
            data[slot] = data[slot].index_select(draw.border.axis, source)
            sigma[slot] = sigma[slot].index_select(draw.border.axis, source)
    return data, mask, outside, sigma


def _filled(pixels: Tensor, mask: Tensor, outside: Tensor | None = None) -> Tensor:
    """Fill the masked pixels of those images of a batch that have any."""
    affected = mask.flatten(1).any(1).nonzero().flatten()
    if len(affected) == 0:
        return pixels
    holes = mask[affected] if outside is None else mask[affected] | outside[affected]
    return pixels.index_copy(0, affected, fill_masked(pixels[affected], holes))


def _inner(image: Tensor, margin: int) -> Tensor:
    return image[..., margin : image.shape[-2] - margin, margin : image.shape[-1] - margin]
