"""The third stage: a network that draws from the scenes that may have been, with a spread that is as it should be.

Bendel, Ahmad and Schniter 2023, "A regularized conditional GAN for posterior sampling in image recovery problems"
(rcGAN), NeurIPS; arXiv 2210.13389.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.config import Posterior
from pipeline.networks.inputs import RestorationInput
from pipeline.on_device import sent
from pipeline.physics.noise import addressed_generator
from pipeline.stretch import Stretch
from pipeline.training.game import GameTask, Round
from pipeline.training.losses import absolute_error, deviation, squared_error
from pipeline.training.restoration import Modules, known

DRAWS = 2
"""Draws of each scene in a step of training ..."""
WATCHED_DRAWS = 8
"""... and where training is watched."""


class PosteriorTask(GameTask):
    """Absolute error of the mean of draws, minus a weighted deviation of the draws from it (rcGAN, eqs. 6 to 8).

    The weight is not chosen: the squared error of the mean of P draws from the true posterior is ``(P + 1) / (2 P)`` of
    one draw's, and the weight is moved until that holds (rcGAN, section 3.2).

    Parameters
    ----------
    network : Module
        With noise among its inputs.
    settings : Posterior
    view, **shared
        See :class:`~pipeline.training.game.GameTask`.
    """

    def __init__(self, network: nn.Module, settings: Posterior, view: Stretch, **shared: Any) -> None:
        super().__init__("posterior", network, settings, view, **shared)
        self._settings, self._planes = settings, settings.noise_planes
        self._first = math.sqrt(2 / (math.pi * DRAWS * (DRAWS + 1)))
        # With the discriminator's weights, so that a checkpoint has it.
        judge = self.players["discriminator"].module
        judge.register_buffer("deviation_weight", torch.tensor(self._first, device=self.span.device))
        inputs = self.watched.inputs
        self.watched = self.watched._replace(inputs=inputs._replace(noise=self._drawn(inputs, "watched", 0)))

    def batch(self, step: int) -> Round:
        """Crops, degraded anew, with noise to draw by."""
        found = super().batch(step)
        slots = self.team.slots(self._settings.batch)
        first, second = (
            self._drawn(found.crops.inputs, step, draw, count=self._settings.batch)[slots.start : slots.stop]
            for draw in range(DRAWS)
        )
        inputs = found.crops.inputs._replace(noise=first)
        return found._replace(crops=found.crops._replace(inputs=inputs), again=second)

    @torch.no_grad()
    def validate(self, module: nn.Module) -> dict[str, float]:
        """Scores of one draw, and the gain in dB of the mean of eight over one, beside what it should be."""
        scores = super().validate(module)
        inputs = self.watched.inputs
        draws = torch.stack(
            [module(inputs._replace(noise=self._drawn(inputs, "watched", k))) for k in range(WATCHED_DRAWS)]
        )
        gain = gain_of_mean(draws, self.watched.target, self.watched.weight).item()
        stretch = self.degrader.preparation.stretch
        of_mean = self._psnr(stretch.apply(stretch.invert(draws).mean(0)))
        return scores | {"mean_psnr": of_mean, "gain_of_8": gain, "expected_gain_of_8": expected_gain(WATCHED_DRAWS)}

    def _asked(self, observed: Tensor, real: Tensor, batch: Round, modules: Modules) -> dict[str, Tensor]:
        crops, settings = batch.crops, self._settings
        one = modules["generator"](crops.inputs)
        draws = torch.stack([one, modules["generator"](crops.inputs._replace(noise=batch.again))])
        opinion, distance = self._opinion(modules["discriminator"], observed, real, self._seen(known(one, crops)))
        weight = self._deviation_weight().clone()
        error = crops.worth * absolute_error(draws.mean(0), crops.target, crops.weight)
        spread = crops.worth * deviation(draws, crops.weight)
        total = error - weight * spread + settings.weight * opinion + settings.feature_weight * distance
        of_one, of_mean = (crops.worth * e for e in squared_errors(draws.detach(), crops.target, crops.weight))
        values = {"error": error, "deviation": spread, "deviation_weight": weight}
        return {"total": total, "opinion": opinion, **values, "squared_of_one": of_one, "squared_of_mean": of_mean}

    def stepped(self, values: dict[str, Tensor]) -> None:
        """Move the weight of the deviation by what the mean of the draws gained over one of them."""
        gain = in_decibel(values["generator_squared_of_one"], values["generator_squared_of_mean"])
        move = self._settings.deviation_rate * self._first * (expected_gain(DRAWS) - gain)
        self._deviation_weight().add_(move)

    def _deviation_weight(self) -> Tensor:
        value = self.players["discriminator"].module.deviation_weight
        assert isinstance(value, Tensor)
        return value

    def _drawn(self, inputs: RestorationInput, *place: object, count: int | None = None) -> Tensor:
        """Noise that is a function of its place in the training, for ``count`` crops, or as many as the inputs have."""
        own, _, height, width = inputs.preview.shape
        random = addressed_generator(*self.address, self.stage, "noise", *place)
        noise = torch.randn(count or own, self._planes, height, width, generator=random)
        return sent(noise, inputs.preview.device)


def expected_gain(draws: int) -> float:
    """By how many dB the mean of draws from the true posterior is better than one: ``10 log10(2 P / (P + 1))``."""
    return 10 * math.log10(2 * draws / (draws + 1))


def gain_of_mean(draws: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """By how many dB the mean of draws, shape (P, B, C, H, W), is better than one of them is on average."""
    return in_decibel(*squared_errors(draws, target, weight))


def squared_errors(draws: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Squared error of one of the draws, shape (P, B, C, H, W), on average, and of their mean."""
    of_one = torch.stack([squared_error(draw, target, weight) for draw in draws]).mean()
    return of_one, squared_error(draws.mean(0), target, weight)


def in_decibel(error: Tensor, less: Tensor) -> Tensor:
    """By how many dB one squared error is above another."""
    least = torch.finfo(error.dtype).tiny
    return 10 * torch.log10(error.clamp_min(least) / less.clamp_min(least))
