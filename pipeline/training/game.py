"""What stages share in which a restoring network plays against a patch discriminator."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from pipeline.config import Game
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.on_device import sent
from pipeline.physics.noise import addressed_generator
from pipeline.stretch import Stretch
from pipeline.training.adaptive_augmentation import AdaptiveJudge, Changes, draw_changes
from pipeline.training.adversarial_losses import LOSSES
from pipeline.training.balance import Opinions, scores_of_game, variety
from pipeline.training.degradation import Batch
from pipeline.training.gradient_penalties import one_centred, zero_centred
from pipeline.training.losses import feature_distance
from pipeline.training.restoration import Modules, Restoration, known
from pipeline.training.task import Player


class Round(NamedTuple):
    """What both players see at a step."""

    crops: Batch
    penalised: bool
    """Whether the discriminator's slope is looked at in this step."""
    share: Tensor
    """How much of the truth is in each mixture, shape (B, 1, 1, 1); for the penalty of ``wasserstein``."""
    changes: Changes | None = None
    """By which a judge that is not to learn its images by heart is shown them changed."""
    again: Tensor | None = None
    """Noise for a second draw of each scene, where the generator draws."""


class GameTask(Restoration):
    """A restoring network and a patch discriminator, which is shown the observation too.

    Parameters
    ----------
    stage : str
    network : Module
        From the first stage.
    settings : Game
    view : Stretch
        How the discriminator sees physical values: its slope is bounded, so faint texture must be of order one to be
        seen.
    **shared
        See :class:`~pipeline.training.restoration.Restoration`.
    """

    def __init__(self, stage: str, network: nn.Module, settings: Game, view: Stretch, **shared: Any) -> None:
        super().__init__(**shared)
        self.stage, self.steps, self._game, self._view = stage, settings.steps, settings, view
        self._loss = LOSSES[settings.loss]
        count, width = len(self.watched.target), self.watched.target.shape[-1]
        self._learned = self.degrader.plain.batch(*self.address, self.stage, "learned", count=count, crop=width)
        normalisation: Literal["spectral", "none"] = "spectral" if settings.spectral else "none"
        judge: nn.Module = PatchDiscriminator(len(view.offset), settings.base_channels, normalisation)
        if settings.adaptive_target is not None:
            truths = settings.adaptive_share * settings.steps * settings.batch
            judge = AdaptiveJudge(judge, settings.adaptive_target, truths)
        self.players = {
            "discriminator": Player(judge, _adam(judge, settings.discriminator_learning_rate)),
            "generator": Player(network, _adam(network, settings.learning_rate)),
        }

    def rate(self, _step: int) -> float:
        """Constant."""
        return 1.0

    def batch(self, step: int) -> Round:
        """Crops, degraded anew, and whether this step looks at the discriminator's slope."""
        crops = self._draw(step, self._game.batch, self._game.crop)
        slots = self.team.slots(self._game.batch)

        def own(drawn: Tensor) -> Tensor:
            # Drawn for the whole batch, so that it does not matter how many share it.
            return sent(drawn[slots.start : slots.stop], crops.target.device)

        mixture = addressed_generator(*self.address, self.stage, step, "mixture")
        share = own(torch.rand(self._game.batch, 1, 1, 1, generator=mixture))
        changes = None
        if self._game.adaptive_target is not None:
            random = addressed_generator(*self.address, self.stage, step, "changes")
            changes = Changes(*map(own, draw_changes(self._game.batch, random)))
        return Round(crops, self._game.penalty > 0 and step % self._game.penalty_every == 0, share, changes)

    def losses(self, player: str, batch: Round, modules: Modules) -> dict[str, Tensor]:
        """The discriminator's loss with its penalties, or what the stage asks of the generator."""
        crops = batch.crops
        observed, real = self._seen(crops.inputs.preview), self._seen(crops.target)
        judge = self.players["discriminator"].module
        if isinstance(judge, AdaptiveJudge) and batch.changes is not None:
            judge.show(batch.changes)
        if player == "generator":
            return self._asked(observed, real, batch, modules)
        if isinstance(judge, AdaptiveJudge):
            judge.count(self._game.batch)
        with torch.no_grad():
            fake = self._seen(known(modules["generator"](crops.inputs).float(), crops))
        return self._judged(modules["discriminator"], observed, real, fake, batch)

    @abstractmethod
    def _asked(self, observed: Tensor, real: Tensor, batch: Round, modules: Modules) -> dict[str, Tensor]:
        """What the generator minimises, under ``total``; ``observed`` and ``real`` are as the discriminator sees."""

    def validate(self, module: nn.Module) -> dict[str, float]:
        """PSNR, and how the discriminator does on truth that it has not seen: see :mod:`pipeline.training.balance`.

        Raises
        ------
        CollapseError
            If the game is over.
        """
        judge, watched = self.players["discriminator"].module, self.watched
        estimate = module(watched.inputs)
        image = known(estimate, watched)
        unseen, restored = (self._opinion_of(judge, candidate, watched) for candidate in (watched.target, image))
        opinions = Opinions(self._opinion_of(judge, self._learned.target, self._learned), unseen, restored)
        scores = scores_of_game(self.stage, self._loss, opinions, variety(image, watched.target))
        if isinstance(judge, AdaptiveJudge):
            judge.adapt(scores.get("r_t", scores["r_v"]))
            scores["augmented"] = float(judge.probability)
        return {"validation_psnr": self._psnr(estimate)} | scores

    def _opinion_of(self, judge: nn.Module, image: Tensor, crops: Batch) -> Tensor:
        """Logits of images as they are, whatever a judge that trains is shown."""
        judge.eval()
        logits = judge(self._seen(image), self._seen(crops.inputs.preview)).float()
        judge.train()
        return logits

    def _judged(
        self, judge: nn.Module, observed: Tensor, real: Tensor, fake: Tensor, batch: Round
    ) -> dict[str, Tensor]:
        of_real, of_fake = judge(real, observed).float(), judge(fake, observed).float()
        total = self._loss.discriminator(of_real, of_fake)
        values = {"real": of_real.mean(), "fake": of_fake.mean()}
        if batch.penalised:
            slope = self._slope(judge, observed, real, fake, batch.share)
            # As much in the mean over steps as if every step had it.
            total = total + self._game.penalty / 2 * self._game.penalty_every * slope
        return {"total": total, **values}

    def _slope(self, judge: nn.Module, observed: Tensor, real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
        # Second derivatives want full precision and a network that nobody has wrapped or compiled.
        bare = getattr(judge, "module", judge)
        with torch.autocast(real.device.type, enabled=False):
            if self._game.loss == "wasserstein":
                return 2 * one_centred(lambda x: bare(x, observed.float()), real, fake, share)
            at_real, at_fake = (zero_centred(lambda x: bare(x, observed.float()), x) for x in (real, fake))
            return at_real + at_fake

    def _opinion(self, judge: nn.Module, observed: Tensor, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """What the discriminator asks of the generator, and how far its features of the two images are apart."""
        with torch.no_grad():
            of_real, wanted = judge.judged(real, observed)  # type: ignore[operator]  # a discriminator's own
        of_fake, found = judge.judged(fake, observed)  # type: ignore[operator]
        return self._loss.generator(of_real.float(), of_fake.float()), feature_distance(found, wanted)

    def _seen(self, stretched: Tensor) -> Tensor:
        return self._view.apply(self.degrader.preparation.stretch.invert(stretched))


def _adam(module: nn.Module, rate: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), rate, betas=(0.0, 0.99))
