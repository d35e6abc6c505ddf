"""The game by which a generator of fields learns: a discriminator asks whether a crop is real or painted."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.config import SganSettings, XdfGanSettings
from pipeline.display import Picture, Scaling
from pipeline.networks.field_discriminator import FieldDiscriminator
from pipeline.networks.field_generator import FieldInput, drawn_input
from pipeline.on_device import sent
from pipeline.physics.noise import addressed_generator
from pipeline.stretch import Stretch
from pipeline.training.adaptive_augmentation import AdaptiveJudge, Changes, draw_changes
from pipeline.training.adversarial_losses import LOSSES
from pipeline.training.balance import (
    CollapseError,
    have_become_alike,
    histogram_distance,
    overfitting,
    remember_variety,
    told_apart,
    variety,
)
from pipeline.training.field_crops import FieldCrops
from pipeline.training.gradient_penalties import zero_centred
from pipeline.training.strips import strip
from pipeline.training.task import Player
from pipeline.training.team import ALONE, Team

Modules = dict[str, nn.Module]
WATCHED = 16
"""Crops on which training is watched."""


class FieldRound(NamedTuple):
    """What both players see at a step."""

    real: Tensor
    """Crops in stretched units, shape (B, C, H, W)."""
    mask: Tensor
    """True where they are not known."""
    given: FieldInput
    """What as many crops are painted from."""
    penalised: bool
    """Whether the discriminator's slope is looked at in this step."""
    changes: Changes | None = None
    """By which a judge that is not to learn its crops by heart is shown them changed."""


class FieldTask:
    """A generator of fields and its discriminator.

    Parameters
    ----------
    generator : Module
        See :class:`~pipeline.networks.field_generator.FieldGenerator`.
    settings : SganSettings or XdfGanSettings
    crops : FieldCrops
        Of the training role.
    unseen : FieldCrops
        Of the tune role.
    stretch : Stretch
        What turns the generator's values into the unit of the image, for the eye.
    scaling : Scaling
        How values become brightness in strips.
    address : tuple
        Where this training's random numbers lie.
    device : torch.device
    team : Team
        Who shares the batches.
    """

    stage = "field"
    kept = "generator"

    def __init__(
        self,
        generator: nn.Module,
        settings: SganSettings | XdfGanSettings,
        crops: FieldCrops,
        unseen: FieldCrops,
        stretch: Stretch,
        scaling: Scaling,
        address: tuple[object, ...],
        device: torch.device,
        team: Team = ALONE,
    ) -> None:
        self.address, self.steps, self._settings, self._team = address, settings.steps, settings, team
        self._generator, self._crops, self._device = generator, crops, device
        self._stretch, self._scaling, self._loss = stretch, scaling, LOSSES[settings.loss]
        size = min(settings.crops)
        self._learned = crops.batch(*address, "learned", count=WATCHED, crop=size)
        self._unseen = unseen.batch(*address, "unseen", count=WATCHED, crop=size)
        self._watched = self._drawn("watched", WATCHED, size, range(WATCHED))
        bands = self._learned.pixels.shape[1]
        judge: nn.Module = FieldDiscriminator(bands, settings.base_channels, settings.pack)
        if settings.adaptive_target is not None:
            judge = AdaptiveJudge(
                judge, settings.adaptive_target, settings.adaptive_share * settings.steps * settings.batch
            )
        remember_variety(judge)
        betas = (settings.beta1, settings.beta2)
        self.players = {
            name: Player(module, torch.optim.Adam(module.parameters(), settings.learning_rate, betas))
            for name, module in (("discriminator", judge), ("generator", generator))
        }

    def rate(self, _step: int) -> float:
        """Constant."""
        return 1.0

    def batch(self, step: int) -> FieldRound:
        """Real crops of one of the widths, latents for as many, and whether the discriminator's slope is looked at."""
        settings = self._settings
        widths = addressed_generator(*self.address, self.stage, step, "width")
        size = settings.crops[int(torch.randint(len(settings.crops), (), generator=widths))]
        count = settings.crops_of(size)
        slots = self._team.slots(count)
        real = self._crops.batch(*self.address, self.stage, step, count=len(slots), crop=size, first=slots.start)
        changes = None
        if settings.adaptive_target is not None:
            drawn = draw_changes(count, addressed_generator(*self.address, self.stage, step, "changes"))
            changes = Changes(*(sent(part[slots.start : slots.stop], self._device) for part in drawn))
        penalised = settings.penalty > 0 and step % settings.penalty_every == 0
        return FieldRound(*real, self._drawn(step, count, size, slots), penalised, changes)

    def losses(self, player: str, batch: FieldRound, modules: Modules) -> dict[str, Tensor]:
        """What each asks of the other; where a real crop is masked, the painted one beside it shows the same."""
        judge = self.players["discriminator"].module
        if isinstance(judge, AdaptiveJudge) and batch.changes is not None:
            judge.show(batch.changes)
        if player == "generator":
            fake = torch.where(batch.mask, batch.real, modules["generator"](batch.given).float())
            of_real, of_fake = (modules["discriminator"](crops).float() for crops in (batch.real, fake))
            return {"total": self._loss.generator(of_real, of_fake)}
        if isinstance(judge, AdaptiveJudge):
            judge.count(len(batch.real) * self._team.size)
        with torch.no_grad():
            fake = torch.where(batch.mask, batch.real, modules["generator"](batch.given).float())
        of_real, of_fake = (modules["discriminator"](crops).float() for crops in (batch.real, fake))
        total = self._loss.discriminator(of_real, of_fake)
        if batch.penalised:
            slope = self._slope(modules["discriminator"], batch.real, fake)
            # As much in the mean over steps as if every step had it.
            total = total + self._settings.penalty / 2 * self._settings.penalty_every * slope
        return {"total": total, "real": of_real.mean(), "fake": of_fake.mean()}

    def stepped(self, _values: dict[str, Tensor], /) -> None:
        """The objective stays as it is."""

    def validate(self, module: nn.Module) -> dict[str, float]:
        """How the game stands, and how far painted values are from those of the tune role.

        Raises
        ------
        CollapseError
            If all painted crops have become alike.
        """
        painted, unseen, judge = module(self._watched).float(), self._unseen, self.players["discriminator"].module
        known = torch.where(unseen.mask, unseen.pixels, painted)
        judge.eval()
        of_learned, of_unseen, of_painted = (judge(x).float() for x in (self._learned.pixels, unseen.pixels, known))
        judge.train()
        spread = variety(known, unseen.pixels)
        if have_become_alike(judge, spread):
            raise CollapseError(
                f"{self.stage}: collapsed: painted crops differ by {spread:.2g} of what real ones do; lower "
                "learning_rate, or raise penalty or pack. The last checkpoint is from before this look"
            )
        by_heart = overfitting(of_learned, of_unseen, of_painted)
        scores = {"told_apart": told_apart(of_unseen, of_painted), "variety": spread, "r_v": by_heart}
        if isinstance(judge, AdaptiveJudge):
            judge.adapt(by_heart)
            scores["augmented"] = float(judge.probability)
        return scores | {"histogram": histogram_distance(known, unseen.pixels)}

    def strips(self, module: nn.Module) -> dict[str, Picture]:
        """Real and painted crops side by side."""
        columns = (self._unseen.pixels, module(self._watched).float())
        return {"real, painted": strip(columns, self._stretch, self._scaling)}

    def finish(self, _module: nn.Module, /) -> dict[str, float]:
        """Leave the generator as training made it."""
        return {}

    def _drawn(self, step: object, count: int, size: int, slots: range) -> FieldInput:
        random = addressed_generator(*self.address, self.stage, step, "latents")
        # Drawn for the whole batch, so that it does not matter how many share it.
        given = drawn_input(self._generator, count, size, random)  # type: ignore[arg-type]  # a generator of fields

        def own(part: Tensor) -> Tensor:
            return sent(part[slots.start : slots.stop], self._device)

        local, noises, *others = given
        return FieldInput(own(local), tuple(map(own, noises)), *map(own, others))

    def _slope(self, judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        # Second derivatives want full precision and a network that nobody has wrapped or compiled.
        bare = getattr(judge, "module", judge)
        with torch.autocast(real.device.type, enabled=False):
            return zero_centred(bare, real) + zero_centred(bare, fake)
