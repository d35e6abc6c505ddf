"""Training batches of real pairs: crops of sharp and blurred images, turned alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.networks.preparation import Preparation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise, addressed_random
from pipeline.training.degradation import Batch, Degrader, inner, noise_level
from pipeline.training.flaws import draw_flaws, filled, flawed
from pipeline.training.pair_file import Observed, RegionPsfs
from pipeline.training.paired_instruments import PairedInstruments
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place


class PairedDegrader(Degrader):
    """Draws batches as :class:`Degrader` does, of which the data are real.

    Parameters
    ----------
    scenes : Scenes
        Truth of the role that is drawn from.
    observed : Observed
        What was seen of it.
    psfs : RegionPsfs
        Through which PSFs.
    preparation : Preparation
        How the network is to see the data.
    device : torch.device
    """

    def __init__(
        self, scenes: Scenes, observed: Observed, psfs: RegionPsfs, preparation: Preparation, device: torch.device
    ) -> None:
        instruments = PairedInstruments(psfs, 0.0, device)
        super().__init__(scenes, instruments, preparation, False, device)
        self._observed, self._psfs = observed, psfs
        self._kernels, self._silent = psfs.kernels.to(device), GaussianNoise((0.0,) * psfs.kernels.shape[1])

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> Batch:
        """Draw crops number ``first`` to ``first + count``, of ``crop`` px; see :meth:`Degrader.batch`."""
        margin = self._instruments.inverse_halo
        size = crop + 2 * margin
        randoms = [addressed_random(*address, slot) for slot in range(first, first + count)]
        regions = [int(random.choice(len(self._scenes), p=self._scenes.share)) for random in randoms]
        places = [self._place(region, random, size)[0] for region, random in zip(regions, randoms)]
        flaws = [draw_flaws(random, size) for random in randoms]
        truth, (seen, sigma) = self._scenes.crops(places, size), self._observed.crops(places, size)
        data, mask, outside = flawed(seen.pixels, seen.mask, flaws, seen.flawed)
        numbers = [self._psfs.number(place, self._scenes.regions[place.region]) for place in places]
        operator = Blur.unchecked(turned_alike(self._kernels[numbers], places), self._silent)
        inputs = self.preparation(
            data, mask, sigma, noise_level(sigma), operator, self._instruments.descriptors(numbers)
        )
        target = self.preparation.stretch.apply(inner(filled(truth.pixels, truth.mask, truth.flawed), margin))
        weight = (~inner(mask | outside | truth.mask, margin)).float()
        return Batch(inputs, target, weight, operator)


def turned_alike(kernels: Tensor, places: Sequence[Place]) -> Tensor:
    """PSFs, shape (B, C, K, K), turned and mirrored as their crops are."""
    turned = [torch.rot90(kernel, place.turns, (-2, -1)) for kernel, place in zip(kernels, places)]
    return torch.stack([k.flip(-1) if place.mirrored else k for k, place in zip(turned, places)])
