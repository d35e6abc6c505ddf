"""What restoring networks are trained by: the ground that all tasks share, and regression, the first stage."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.config import Regression
from pipeline.display import Picture, Scaling
from pipeline.on_device import planes
from pipeline.training.degradation import Batch, Degrader
from pipeline.training.device_memory import first_crops
from pipeline.training.losses import absolute_error, reblurred_error, squared_error
from pipeline.training.optimisers import OPTIMISERS
from pipeline.training.strips import STRIP_ROWS, strip
from pipeline.training.task import Player, TrainingError
from pipeline.training.team import ALONE, Team

Modules = dict[str, nn.Module]


@dataclass
class Restoration:
    """What every restoration task shares: where batches come from, and how the result is watched.

    Parameters
    ----------
    degrader : Degrader
        Draws from the training role.
    watched : Batch
        A fixed batch of the tune role.
    address : tuple
        (seed, network, fold): where this training's random numbers lie.
    span : Tensor, shape (C,)
        Range of the scene that PSNR refers to, in the unit of the image.
    scaling : Scaling
        How values become brightness in strips.
    team : Team
        Who shares the batches.
    """

    degrader: Degrader
    watched: Batch
    address: tuple[object, ...]
    span: Tensor
    scaling: Scaling
    team: Team = ALONE
    stage: str = field(init=False)
    steps: int = field(init=False)
    players: dict[str, Player] = field(init=False)
    kept: str = field(init=False, default="generator")

    def _draw(self, step: int, count: int, crop: int) -> Batch:
        """What this process has to draw of a batch of ``count`` crops."""
        slots = self.team.slots(count)
        batch = self.degrader.batch(*self.address, self.stage, step, count=len(slots), crop=crop, first=slots.start)
        if self.team.size == 1:
            return batch
        # Errors are means over trusted pixels, of which each process has another number.
        trusted = batch.weight.sum()
        return batch._replace(worth=trusted / self.team.mean(trusted).clamp_min(torch.finfo(trusted.dtype).tiny))

    def stepped(self, _values: dict[str, Tensor], /) -> None:
        """Most objectives stay as they are."""

    def validate(self, module: nn.Module) -> dict[str, float]:
        """PSNR in dB on the watched crops, in the unit of the image."""
        return {"validation_psnr": self._psnr(module(self.watched.inputs))}

    def strips(self, module: nn.Module) -> dict[str, Picture]:
        """Observed, restored and truth side by side, a row for each of the first watched crops (their middles)."""
        watched = self.watched
        estimate = module(first_crops(watched.inputs, STRIP_ROWS))
        columns, stretch = (watched.inputs.preview, estimate, watched.target), self.degrader.preparation.stretch
        return {"observed, restored, truth": strip(columns, stretch, self.scaling)}

    def finish(self, _module: nn.Module, /) -> dict[str, float]:
        """Leave the network as training made it."""
        return {}

    def _infidelity(self, estimate: Tensor, batch: Batch, l2_weight: float, reblur_weight: float) -> Tensor:
        """Absolute error, weighted squared error, and what of the latter an instrument would see."""
        absolute = absolute_error(estimate, batch.target, batch.weight)
        total = batch.worth * (absolute + l2_weight * squared_error(estimate, batch.target, batch.weight))
        if reblur_weight:
            width, reach = batch.target.shape[-1], 2 * batch.operator.halo + 1
            if width < reach:
                raise TrainingError(
                    f"{self.stage}: reblur_weight needs crops as wide as what the instrument blurs, and {width} px are "
                    f"less than its {reach} px; take wider crops, or reblur_weight: 0"
                )
            stretch = self.degrader.preparation.stretch
            softening = planes(stretch.softening, estimate)
            error = (stretch.invert(estimate) - stretch.invert(batch.target)) / softening * batch.weight
            # A mean over all pixels, of which every process has as many.
            total = total + reblur_weight * reblurred_error(error, batch.inputs.sigma, batch.operator)
        return total

    def _psnr(self, estimate: Tensor) -> float:
        target, weight = self.watched.target, self.watched.weight
        invert, span = self.degrader.preparation.stretch.invert, self.span[:, None, None]
        error = squared_error(invert(estimate) / span, invert(target) / span, weight)
        return -10 * math.log10(max(error.item(), 1e-12))


class RegressionTask(Restoration):
    """First stage: the mean of what the scene may have been, by absolute and squared error."""

    def __init__(self, network: nn.Module, settings: Regression, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings = "regression", settings.steps, settings
        optimiser = OPTIMISERS[settings.optimiser](network.parameters(), settings.learning_rate)
        self.players = {"generator": Player(network, optimiser)}

    def rate(self, step: int) -> float:
        """A cosine from 1 to 0."""
        return 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def batch(self, step: int) -> Batch:
        """Crops, degraded anew."""
        return self._draw(step, self._settings.batch, self._settings.crop)

    def losses(self, player: str, batch: Batch, modules: Modules) -> dict[str, Tensor]:
        """Absolute error plus weighted squared errors."""
        estimate, settings = modules[player](batch.inputs), self._settings
        return {"total": self._infidelity(estimate, batch, settings.l2_weight, settings.reblur_weight)}


def known(estimate: Tensor, batch: Batch) -> Tensor:
    """The estimate where the truth is known, and the truth elsewhere: nobody is judged on what nobody measured."""
    return torch.where(batch.weight > 0, estimate, batch.target)
