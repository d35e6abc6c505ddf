"""The second stage of a restoring network: a discriminator asks for the texture of real images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pipeline.config import Adversarial
from pipeline.stretch import Stretch
from pipeline.training.game import GameTask, Round
from pipeline.training.interpolation import interpolate_weights
from pipeline.training.restoration import Modules, known


class AdversarialTask(GameTask):
    """The error of the first stage, and the discriminator's opinion beside it.

    Parameters
    ----------
    network, settings, view, **shared
        See :class:`~pipeline.training.game.GameTask`.
    """

    def __init__(self, network: nn.Module, settings: Adversarial, view: Stretch, **shared: Any) -> None:
        super().__init__("adversarial", network, settings, view, **shared)
        self._settings = settings
        self._faithful = {name: value.clone() for name, value in network.state_dict().items()}

    def finish(self, module: nn.Module) -> dict[str, float]:
        """Step back towards the faithful network as far as the allowed loss of PSNR asks."""

        @torch.no_grad()
        def score(network: nn.Module) -> float:
            return self._psnr(network(self.watched.inputs))

        share = interpolate_weights(module, self._faithful, score, self._settings.allowed_loss)
        return {"validation_psnr": score(module), "kept_share": share}

    def _asked(self, observed: Tensor, real: Tensor, batch: Round, modules: Modules) -> dict[str, Tensor]:
        crops, settings = batch.crops, self._settings
        estimate = modules["generator"](crops.inputs)
        infidelity = self._infidelity(estimate, crops, settings.l2_weight, settings.reblur_weight)
        opinion, distance = self._opinion(modules["discriminator"], observed, real, self._seen(known(estimate, crops)))
        total = infidelity + settings.weight * opinion + settings.feature_weight * distance
        return {"total": total, "infidelity": infidelity, "opinion": opinion, "features": distance}
