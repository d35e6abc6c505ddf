"""The training of a translator on pairs: what could be had if the truth were known to it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.config import TranslatingPix2pix
from pipeline.display import Picture
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.networks.pix2pix import initialise_as_published
from pipeline.networks.translators import OneWay
from pipeline.training.adversarial_losses import cross_entropy
from pipeline.training.balance import told_apart
from pipeline.training.cycle_task import WATCHED, falling_rate, in_the_scale
from pipeline.training.domain_crops import DomainCrops
from pipeline.training.task import Player

Modules = dict[str, nn.Module]


class PairRound(NamedTuple):
    """Crops of one domain, and the same places in the other."""

    first: Tensor
    second: Tensor


class PairedTranslationTask:
    """Cross entropy plus weighted absolute error (Isola et al. 2017, eq. 4), with CycleGAN's generator and rates.

    Parameters
    ----------
    network : OneWay
    settings : TranslatingPix2pix
    crops : tuple of DomainCrops
        Of the training role, of both domains, region by region of the same slices.
    unseen : tuple of DomainCrops
        Of the tune role.
    address : tuple
        Where this training's random numbers lie.
    """

    stage = "translation"
    kept = "generator"

    def __init__(
        self,
        network: OneWay,
        settings: TranslatingPix2pix,
        crops: tuple[DomainCrops, DomainCrops],
        unseen: tuple[DomainCrops, DomainCrops],
        address: tuple[object, ...],
    ) -> None:
        self.address, self.steps, self._settings, self._crops = address, settings.steps, settings, crops
        self._watched = _drawn(unseen, WATCHED, settings.crop, *address, "watched")
        judge = PatchDiscriminator(
            crops[1].bands, settings.judge_channels, "instance", beside=crops[0].bands
        )  # fmt: skip
        initialise_as_published(judge)
        self.players = {
            "discriminator": Player(judge, self._adam(judge)),
            "generator": Player(network, self._adam(network)),
        }

    def rate(self, step: int) -> float:
        """Constant for the first half, then falling to 0 in a straight line."""
        return falling_rate(step, self.steps)

    def batch(self, step: int) -> PairRound:
        """Crops of the same places in both domains."""
        return _drawn(self._crops, self._settings.batch, self._settings.crop, *self.address, self.stage, step)

    def losses(self, player: str, batch: PairRound, modules: Modules) -> dict[str, Tensor]:
        """The discriminator's cross entropy, halved as published, or the generator's with the absolute error."""
        judge = modules["discriminator"]
        if player == "discriminator":
            with torch.no_grad():
                made = modules["generator"](batch.first)
            real = cross_entropy(judge(batch.second, batch.first), True)
            fake = cross_entropy(judge(made, batch.first), False)
            return {"total": (real + fake) / 2, "real": real, "fake": fake}
        made = modules["generator"](batch.first)
        absolute = (made.float() - batch.second).abs().mean()
        opinion = cross_entropy(judge(made, batch.first), True)
        return {"total": opinion + self._settings.l1_weight * absolute, "absolute_error": absolute, "opinion": opinion}

    def stepped(self, _values: dict[str, Tensor], /) -> None:
        """The objective stays as it is."""

    def validate(self, module: nn.Module) -> dict[str, float]:
        """How far translated images of the tune role are off, in the scale of their domain."""
        made, judge = module(self._watched.first).float(), self.players["discriminator"].module
        real, fake = (judge(x, self._watched.first).float() for x in (self._watched.second, made))
        error = (made - self._watched.second).abs().mean()
        return {"validation_error": float(error), "told_apart": told_apart(real, fake)}

    def strips(self, module: nn.Module) -> dict[str, Picture]:
        """Images of the first domain, translated, and the truth."""
        first, second = self._watched
        return {"source, translated, truth": in_the_scale((first, module(first).float(), second))}

    def finish(self, _module: nn.Module, /) -> dict[str, float]:
        """Leave the generator as training made it."""
        return {}

    def _adam(self, module: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(module.parameters(), self._settings.learning_rate, (self._settings.beta1, 0.999))


def _drawn(crops: tuple[DomainCrops, DomainCrops], count: int, crop: int, *address: object) -> PairRound:
    places = crops[0].places(*address, count=count, crop=crop)
    return PairRound(crops[0].at(places, crop), crops[1].at(places, crop))
