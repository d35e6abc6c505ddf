"""The tasks that make restoring networks: regression, the adversarial stage after it, and pix2pix."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.config import Adversarial, Pix2pix, Regression
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.stretch import Stretch
from pipeline.training.degradation import Batch, Degrader
from pipeline.training.interpolation import interpolate_weights
from pipeline.training.losses import absolute_error, cross_entropy, hinge_discriminator, hinge_generator, squared_error
from pipeline.training.task import Player

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
    """

    degrader: Degrader
    watched: Batch
    address: tuple[object, ...]
    span: Tensor
    stage: str = field(init=False)
    steps: int = field(init=False)
    players: dict[str, Player] = field(init=False)
    kept: str = field(init=False, default="generator")

    def _draw(self, step: int, count: int, crop: int) -> Batch:
        return self.degrader.batch(*self.address, self.stage, step, count=count, crop=crop)

    def validate(self, module: nn.Module) -> dict[str, float]:
        """PSNR in dB on the watched crops, in the unit of the image."""
        inputs, target, weight = self.watched
        invert = self.degrader.preparation.stretch.invert
        span = self.span[:, None, None]
        error = squared_error(invert(module(inputs)) / span, invert(target) / span, weight)
        return {"validation_psnr": -10 * math.log10(max(error.item(), 1e-12))}

    def finish(self, _module: nn.Module, /) -> dict[str, float]:
        """Leave the network as training made it."""
        return {}


class RegressionTask(Restoration):
    """First stage: the mean of what the scene may have been, by absolute and squared error."""

    def __init__(self, network: nn.Module, settings: Regression, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings = "regression", settings.steps, settings
        optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, betas=(0.9, 0.9), weight_decay=1e-3)
        self.players = {"generator": Player(network, optimiser)}

    def rate(self, step: int) -> float:
        """A cosine from 1 to 0."""
        return 0.5 * (1 + math.cos(math.pi * step / self.steps))

    def batch(self, step: int) -> Batch:
        """Crops, degraded anew."""
        return self._draw(step, self._settings.batch, self._settings.crop)

    def losses(self, player: str, batch: Batch, modules: Modules) -> dict[str, Tensor]:
        """Absolute error plus weighted squared error."""
        return {"total": _infidelity(modules[player](batch.inputs), batch, self._settings.l2_weight)}


class AdversarialTask(Restoration):
    """Second stage: a spectrally normalised patch discriminator asks for the texture of real images, by the hinge loss.

    Parameters
    ----------
    network : Module
        From the first stage.
    settings : Adversarial
    view : Stretch
        How the discriminator sees physical values. Its Lipschitz constant is 1, so faint texture must be of order one
        to be seen.
    **shared
        See :class:`Restoration`.
    """

    def __init__(self, network: nn.Module, settings: Adversarial, view: Stretch, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings, self._view = "adversarial", settings.steps, settings, view
        self._faithful = {name: value.clone() for name, value in network.state_dict().items()}
        judge = PatchDiscriminator(len(view.offset), settings.base_channels)
        self.players = {
            "discriminator": Player(judge, _adam(judge, settings.discriminator_learning_rate, 0.0, 0.99)),
            "generator": Player(network, _adam(network, settings.learning_rate, 0.0, 0.99)),
        }

    def rate(self, _step: int) -> float:
        """Constant."""
        return 1.0

    def batch(self, step: int) -> Batch:
        """Crops, degraded anew."""
        return self._draw(step, self._settings.batch, self._settings.crop)

    def losses(self, player: str, batch: Batch, modules: Modules) -> dict[str, Tensor]:
        """The discriminator's hinge loss, or the generator's with the error of the first stage."""
        judge, observed = modules["discriminator"], self._seen(batch.inputs.preview)
        if player == "discriminator":
            with torch.no_grad():
                estimate = modules["generator"](batch.inputs)
            real = judge(self._seen(batch.target), observed)
            fake = judge(self._seen(_known(estimate, batch)), observed)
            return {"total": hinge_discriminator(real, fake), "real": real.mean(), "fake": fake.mean()}
        estimate = modules["generator"](batch.inputs)
        infidelity = _infidelity(estimate, batch, self._settings.l2_weight)
        opinion = hinge_generator(judge(self._seen(_known(estimate, batch)), observed))
        return {"total": infidelity + self._settings.weight * opinion, "infidelity": infidelity, "opinion": opinion}

    def finish(self, module: nn.Module) -> dict[str, float]:
        """Step back towards the faithful network as far as the allowed loss of PSNR asks."""
        allowed = self._settings.allowed_loss
        share = interpolate_weights(module, self._faithful, lambda m: self.validate(m)["validation_psnr"], allowed)
        with torch.no_grad():
            return self.validate(module) | {"kept_share": share}

    def _seen(self, stretched: Tensor) -> Tensor:
        return self._view.apply(self.degrader.preparation.stretch.invert(stretched))


class Pix2pixTask(Restoration):
    """pix2pix as published: cross entropy plus weighted absolute error (Isola et al. 2017, eq. 4), Adam for both."""

    def __init__(self, network: nn.Module, settings: Pix2pix, bands: int, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings = "pix2pix", settings.steps, settings
        judge = PatchDiscriminator(bands, settings.base_channels, spectral=False)
        self.players = {
            "discriminator": Player(judge, _adam(judge, settings.learning_rate, settings.beta1, 0.999)),
            "generator": Player(network, _adam(network, settings.learning_rate, settings.beta1, 0.999)),
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
            fake = cross_entropy(judge(_known(estimate, batch), observed), False)
            return {"total": (real + fake) / 2, "real": real, "fake": fake}
        estimate = modules["generator"](batch.inputs)
        absolute = absolute_error(estimate, batch.target, batch.weight)
        opinion = cross_entropy(judge(_known(estimate, batch), observed), True)
        return {"total": opinion + self._settings.l1_weight * absolute, "absolute_error": absolute, "opinion": opinion}


def _infidelity(estimate: Tensor, batch: Batch, l2_weight: float) -> Tensor:
    absolute = absolute_error(estimate, batch.target, batch.weight)
    return absolute + l2_weight * squared_error(estimate, batch.target, batch.weight)


def _known(estimate: Tensor, batch: Batch) -> Tensor:
    """The estimate where the truth is known, and the truth elsewhere: nobody is judged on what nobody measured."""
    return torch.where(batch.weight > 0, estimate, batch.target)


def _adam(module: nn.Module, rate: float, beta1: float, beta2: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), rate, betas=(beta1, beta2))
