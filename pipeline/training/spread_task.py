"""The last stage of a restoring network: how far it is off, learned by a small network of its own."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.config import Spread
from pipeline.display import Picture
from pipeline.networks.spread import LEAST, SpreadNetwork
from pipeline.training.degradation import Batch
from pipeline.training.restoration import Modules, Restoration
from pipeline.training.task import Player


class SpreadTask(Restoration):
    """The spread of the first stage's error, by its likelihood under a normal law (Nix and Weigend 1994, eq. 3).

    The restoring network is at rest. Where its own mean is learned by the same likelihood, errors that are large are
    learned from too little (Seitzer et al. 2022); here the mean is known and nothing has to be weighed against it.

    Parameters
    ----------
    network : SpreadNetwork
    faithful : Module
        Of the first stage; it stays as it is.
    settings : Spread
    **shared
        See :class:`~pipeline.training.restoration.Restoration`.
    """

    def __init__(self, network: SpreadNetwork, faithful: nn.Module, settings: Spread, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self.kept, self._settings = "spread", settings.steps, "spread", settings
        self._faithful = faithful.eval().requires_grad_(False).to(self.watched.target.device)
        self.players = {"spread": Player(network, torch.optim.Adam(network.parameters(), settings.learning_rate))}
        if settings.steps:
            network.start_at(self._typical_error())

    def rate(self, step: int) -> float:
        """A cosine from 1 to 0."""
        return 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def batch(self, step: int) -> Batch:
        """Crops, degraded anew."""
        return self._draw(step, self._settings.batch, self._settings.crop)

    def losses(self, player: str, batch: Batch, modules: Modules) -> dict[str, Tensor]:
        """``log s + (t - m)^2 / (2 s^2)``, mean over trusted pixels."""
        estimate = self._estimate(batch)
        log_spread = modules[player](batch.inputs, estimate).float()
        return {"total": batch.worth * negative_log_likelihood(batch.target - estimate, log_spread, batch.weight)}

    @torch.no_grad()
    def validate(self, module: nn.Module) -> dict[str, float]:
        """The same on the watched crops, and the size of errors in units of their spread, which should be 1."""
        watched = self.watched
        estimate = self._estimate(watched)
        error, log_spread = watched.target - estimate, module(watched.inputs, estimate).float()
        ratio = (error / log_spread.exp()).square() * watched.weight
        size = (ratio.sum() / watched.weight.sum().clamp_min(1)).sqrt()
        likelihood = negative_log_likelihood(error, log_spread, watched.weight)
        return {"validation_nll": likelihood.item(), "error_over_spread": size.item()}

    def strips(self, _module: nn.Module, /) -> dict[str, Picture]:
        """None: a spread is no image."""
        return {}

    @torch.no_grad()
    def _estimate(self, batch: Batch) -> Tensor:
        return self._faithful(batch.inputs).float()

    @torch.no_grad()
    def _typical_error(self) -> Tensor:
        """Logarithm of the error of a batch of the training role per band, shape (C,)."""
        drawn = self.degrader.batch(
            *self.address, self.stage, "first", count=self._settings.batch, crop=self._settings.crop
        )
        squared = (drawn.target - self._estimate(drawn)).square() * drawn.weight
        mean = squared.sum((0, 2, 3)) / drawn.weight.sum((0, 2, 3)).clamp_min(1)
        return 0.5 * mean.clamp_min(math.exp(2 * LEAST)).log()


def negative_log_likelihood(error: Tensor, log_spread: Tensor, weight: Tensor) -> Tensor:
    """Of errors that are normal with a spread each, up to a constant: mean over trusted pixels; all (B, C, H, W)."""
    values = log_spread + 0.5 * (error * (-log_spread).exp()).square()
    return (values * weight).sum() / weight.sum().clamp_min(1)
