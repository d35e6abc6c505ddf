"""The training of pix2pix, the named baseline."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pipeline.config import Pix2pix
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.networks.pix2pix import initialise_as_published
from pipeline.training.adversarial_losses import LOSSES, cross_entropy
from pipeline.training.balance import Opinions, scores_of_game, variety
from pipeline.training.degradation import Batch
from pipeline.training.losses import absolute_error
from pipeline.training.restoration import Modules, Restoration, known
from pipeline.training.task import Player


class Pix2pixTask(Restoration):
    """Cross entropy plus weighted absolute error (Isola et al. 2017, eq. 4), Adam for both.

    :class:`~pipeline.networks.pix2pix.Pix2pixUNet` lists what differs from the publication.
    """

    def __init__(self, network: nn.Module, settings: Pix2pix, bands: int, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings = "pix2pix", settings.steps, settings
        judge = PatchDiscriminator(bands, settings.base_channels, "instance")
        initialise_as_published(judge)
        count, width = len(self.watched.target), self.watched.target.shape[-1]
        self._learned = self.degrader.batch(*self.address, self.stage, "learned", count=count, crop=width)
        self.players = {
            "discriminator": Player(judge, _adam(judge, settings.learning_rate, settings.beta1)),
            "generator": Player(network, _adam(network, settings.learning_rate, settings.beta1)),
        }

    def rate(self, _step: int) -> float:
        """Constant."""
        return 1.0

    def batch(self, step: int) -> Batch:
        """Crops, degraded anew."""
        return self._draw(step, self._settings.batch, self._settings.crop)

    def losses(self, player: str, batch: Batch, modules: Modules) -> dict[str, Tensor]:
        """The discriminator's cross entropy, halved as published, or the generator's with the absolute error."""
        judge, observed = modules["discriminator"], batch.inputs.preview
        if player == "discriminator":
            with torch.no_grad():
                estimate = modules["generator"](batch.inputs)
            real = cross_entropy(judge(batch.target, observed), True)
            fake = cross_entropy(judge(known(estimate, batch), observed), False)
            return {"total": (real + fake) / 2, "real": real, "fake": fake}
        estimate = modules["generator"](batch.inputs)
        absolute = batch.worth * absolute_error(estimate, batch.target, batch.weight)
        opinion = cross_entropy(judge(known(estimate, batch), observed), True)
        return {"total": opinion + self._settings.l1_weight * absolute, "absolute_error": absolute, "opinion": opinion}

    def validate(self, module: nn.Module) -> dict[str, float]:
        """PSNR, and how the discriminator does on truth that it has not seen: see :mod:`pipeline.training.balance`.

        Raises
        ------
        CollapseError
            If the game is over.
        """
        judge, watched, learned = self.players["discriminator"].module, self.watched, self._learned
        estimate = module(watched.inputs)
        image = known(estimate, watched)
        seen = ((learned.target, learned), (watched.target, watched), (image, watched))
        opinions = Opinions(*(judge(candidate, crops.inputs.preview).float() for candidate, crops in seen))
        scores = scores_of_game(self.stage, LOSSES["cross_entropy"], opinions, variety(image, watched.target))
        return {"validation_psnr": self._psnr(estimate)} | scores


def _adam(module: nn.Module, rate: float, beta1: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), rate, betas=(beta1, 0.999))
