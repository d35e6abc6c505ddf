"""The tasks that make restoring networks: regression, the adversarial stage after it, and pix2pix."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from pipeline.config import Adversarial, Pix2pix, Regression
from pipeline.display import Picture, Scaling
from pipeline.networks.inputs import RestorationInput
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.physics.noise import addressed_generator
from pipeline.stretch import Stretch
from pipeline.training.adversarial_losses import LOSSES, cross_entropy
from pipeline.training.balance import overfitting, refuse_collapse, sign_of_overfitting, told_apart, variety
from pipeline.training.degradation import Batch, Degrader
from pipeline.training.gradient_penalties import one_centred, zero_centred
from pipeline.training.interpolation import interpolate_weights
from pipeline.training.losses import absolute_error, squared_error
from pipeline.training.optimisers import OPTIMISERS
from pipeline.training.strips import STRIP_ROWS, strip
from pipeline.training.task import Player
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

    def validate(self, module: nn.Module) -> dict[str, float]:
        """PSNR in dB on the watched crops, in the unit of the image."""
        return {"validation_psnr": self._psnr(module(self.watched.inputs))}

    def strips(self, module: nn.Module) -> dict[str, Picture]:
        """Observed, restored and truth side by side, a row for each of the first watched crops (their middles)."""
        watched = self.watched
        estimate = module(RestorationInput(*(part[:STRIP_ROWS] for part in watched.inputs)))
        columns, stretch = (watched.inputs.preview, estimate, watched.target), self.degrader.preparation.stretch
        return {"observed, restored, truth": strip(columns, stretch, self.scaling)}

    def finish(self, _module: nn.Module, /) -> dict[str, float]:
        """Leave the network as training made it."""
        return {}

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
        """Absolute error plus weighted squared error."""
        return {"total": _infidelity(modules[player](batch.inputs), batch, self._settings.l2_weight)}


class Round(NamedTuple):
    """What the players of the adversarial stage see at a step."""

    crops: Batch
    penalised: bool
    """Whether the discriminator's slope is looked at in this step."""
    share: Tensor
    """How much of the truth is in each mixture, shape (B, 1, 1, 1); for the penalty of ``wasserstein``."""


class AdversarialTask(Restoration):
    """Second stage: a patch discriminator, shown the observation too, asks for the texture of real images.

    Parameters
    ----------
    network : Module
        From the first stage.
    settings : Adversarial
    view : Stretch
        How the discriminator sees physical values: its slope is bounded, so faint texture must be of order one to be
        seen.
    **shared
        See :class:`Restoration`.
    """

    def __init__(self, network: nn.Module, settings: Adversarial, view: Stretch, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings, self._view = "adversarial", settings.steps, settings, view
        self._faithful = {name: value.clone() for name, value in network.state_dict().items()}
        self._loss = LOSSES[settings.loss]
        count, width = len(self.watched.target), self.watched.target.shape[-1]
        self._learned = self.degrader.batch(*self.address, self.stage, "learned", count=count, crop=width)
        normalisation: Literal["spectral", "none"] = "spectral" if settings.spectral else "none"
        judge = PatchDiscriminator(len(view.offset), settings.base_channels, normalisation)
        self.players = {
            "discriminator": Player(judge, _adam(judge, settings.discriminator_learning_rate, 0.0, 0.99)),
            "generator": Player(network, _adam(network, settings.learning_rate, 0.0, 0.99)),
        }

    def rate(self, _step: int) -> float:
        """Constant."""
        return 1.0

    def batch(self, step: int) -> Round:
        """Crops, degraded anew, and whether this step looks at the discriminator's slope."""
        crops = self._draw(step, self._settings.batch, self._settings.crop)
        generator = addressed_generator(*self.address, self.stage, step, "mixture")
        share = torch.rand(self._settings.batch, 1, 1, 1, generator=generator).to(crops.target.device)
        slots = self.team.slots(len(share))
        share = share[slots.start : slots.stop]
        return Round(crops, self._settings.penalty > 0 and step % self._settings.penalty_every == 0, share)

    def losses(self, player: str, batch: Round, modules: Modules) -> dict[str, Tensor]:
        """The discriminator's loss with its penalties, or the generator's with the error of the first stage."""
        crops = batch.crops
        observed, real = self._seen(crops.inputs.preview), self._seen(crops.target)
        if player == "discriminator":
            with torch.no_grad():
                fake = self._seen(_known(modules["generator"](crops.inputs).float(), crops))
            return self._judged(modules["discriminator"], observed, real, fake, batch)
        estimate = modules["generator"](crops.inputs)
        infidelity = _infidelity(estimate, crops, self._settings.l2_weight)
        opinion = self._opinion(modules["discriminator"], observed, real, self._seen(_known(estimate, crops)))
        return {"total": infidelity + self._settings.weight * opinion, "infidelity": infidelity, "opinion": opinion}

    def validate(self, module: nn.Module) -> dict[str, float]:
        """PSNR, and how the discriminator does on truth that it has not seen: see :mod:`pipeline.training.balance`.

        Raises
        ------
        CollapseError
            If the game is over.
        """
        judge, watched = self.players["discriminator"].module, self.watched
        estimate = module(watched.inputs)
        known = _known(estimate, watched)
        unseen, restored = (self._opinion_of(judge, image, watched) for image in (watched.target, known))
        learned = self._opinion_of(judge, self._learned.target, self._learned)
        kept = variety(known, watched.target)
        refuse_collapse(self.stage, unseen, restored, kept)
        by_heart = {"r_v": overfitting(learned, unseen, restored)}
        if self._loss.absolute:
            by_heart["r_t"] = sign_of_overfitting(learned)
        scores = {"validation_psnr": self._psnr(estimate), "told_apart": told_apart(unseen, restored), "variety": kept}
        return scores | by_heart

    def finish(self, module: nn.Module) -> dict[str, float]:
        """Step back towards the faithful network as far as the allowed loss of PSNR asks."""

        @torch.no_grad()
        def score(network: nn.Module) -> float:
            return self._psnr(network(self.watched.inputs))

        share = interpolate_weights(module, self._faithful, score, self._settings.allowed_loss)
        return {"validation_psnr": score(module), "kept_share": share}

    def _opinion_of(self, judge: nn.Module, image: Tensor, crops: Batch) -> Tensor:
        return judge(self._seen(image), self._seen(crops.inputs.preview)).float()

    def _judged(
        self, judge: nn.Module, observed: Tensor, real: Tensor, fake: Tensor, batch: Round
    ) -> dict[str, Tensor]:
        of_real, of_fake = judge(real, observed).float(), judge(fake, observed).float()
        total = self._loss.discriminator(of_real, of_fake)
        values = {"real": of_real.mean(), "fake": of_fake.mean()}
        if batch.penalised:
            slope = self._slope(judge, observed, real, fake, batch.share)
            # As much in the mean over steps as if every step had it.
            total = total + self._settings.penalty / 2 * self._settings.penalty_every * slope
        return {"total": total, **values}

    def _slope(self, judge: nn.Module, observed: Tensor, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
        # Second derivatives want full precision and a network that nobody has wrapped or compiled.
        bare = getattr(judge, "module", judge)
        with torch.autocast(real.device.type, enabled=False):
            if self._settings.loss == "wasserstein":
                return 2 * one_centred(lambda x: bare(x, observed.float()), real, fake, share)
            at_real, at_fake = (zero_centred(lambda x: bare(x, observed.float()), x) for x in (real, fake))
            return at_real + at_fake

    def _opinion(self, judge: nn.Module, observed: Tensor, real: Tensor, fake: Tensor) -> Tensor:
        with torch.no_grad():
            of_real = judge(real, observed).float()
        return self._loss.generator(of_real, judge(fake, observed).float())

    def _seen(self, stretched: Tensor) -> Tensor:
        return self._view.apply(self.degrader.preparation.stretch.invert(stretched))


class Pix2pixTask(Restoration):
    """pix2pix as published: cross entropy plus weighted absolute error (Isola et al. 2017, eq. 4), Adam for both."""

    def __init__(self, network: nn.Module, settings: Pix2pix, bands: int, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._settings = "pix2pix", settings.steps, settings
        judge = PatchDiscriminator(bands, settings.base_channels, "instance")
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
        absolute = batch.worth * absolute_error(estimate, batch.target, batch.weight)
        opinion = cross_entropy(judge(_known(estimate, batch), observed), True)
        return {"total": opinion + self._settings.l1_weight * absolute, "absolute_error": absolute, "opinion": opinion}


def _infidelity(estimate: Tensor, batch: Batch, l2_weight: float) -> Tensor:
    absolute = absolute_error(estimate, batch.target, batch.weight)
    return batch.worth * (absolute + l2_weight * squared_error(estimate, batch.target, batch.weight))


def _known(estimate: Tensor, batch: Batch) -> Tensor:
    """The estimate where the truth is known, and the truth elsewhere: nobody is judged on what nobody measured."""
    return torch.where(batch.weight > 0, estimate, batch.target)


def _adam(module: nn.Module, rate: float, beta1: float, beta2: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), rate, betas=(beta1, beta2))
