"""The training of CycleGAN: translation between two domains of which nobody has pairs.

Zhu, Park, Isola and Efros 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks",
ICCV, arXiv 1703.10593, sections 3, 4 and 7; with noise between the loops, since without any the first translation may
carry, unseen, what the second needs (Chu, Zhmoginov and Sandler 2017, "CycleGAN, a master of steganography", arXiv
1712.02950).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.config import CycleGan
from pipeline.display import Picture
from pipeline.domain_scale import scaling_of
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.networks.pix2pix import initialise_as_published
from pipeline.networks.translators import Rounds, ThereAndBack
from pipeline.on_device import sent
from pipeline.physics.noise import addressed_generator
from pipeline.stretch import Stretch
from pipeline.training.balance import (
    CollapseError,
    have_become_alike,
    histogram_distance,
    remember_variety,
    told_apart,
    variety,
)
from pipeline.training.domain_crops import DomainCrops
from pipeline.training.image_pool import Draw, ImagePool
from pipeline.training.strips import strip
from pipeline.training.task import Player

Modules = dict[str, nn.Module]
WATCHED = 8
"""Crops of each domain on which training is watched."""


class CycleRound(NamedTuple):
    """What both players see at a step: crops of both domains, which show nothing in common."""

    first: Tensor
    second: Tensor
    noise: tuple[Tensor, Tensor]
    """What is added to translated images before they are translated back."""
    step: int


class Judges(nn.Module):
    """A discriminator for each domain, with the translated images that it saw before."""

    def __init__(self, bands: tuple[int, int], settings: CycleGan) -> None:
        super().__init__()
        self.first, self.second = (
            PatchDiscriminator(count, settings.judge_channels, "instance", beside=0) for count in bands
        )
        self.pools = nn.ModuleList(ImagePool(settings.pool, count, settings.crop) for count in bands)
        initialise_as_published(self)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of images of each domain, shape (B, C, H, W)."""
        return self.first(first), self.second(second)


class CycleTask:
    """Two generators, there and back, against a discriminator for each domain.

    Parameters
    ----------
    network : ThereAndBack
    settings : CycleGan
    first, second : DomainCrops
        Of the training role of either domain, no group of which is in both.
    unseen : tuple of DomainCrops
        Of the tune role.
    address : tuple
        Where this training's random numbers lie.
    device : torch.device
    """

    stage = "translation"
    kept = "generator"

    def __init__(
        self,
        network: ThereAndBack,
        settings: CycleGan,
        first: DomainCrops,
        second: DomainCrops,
        unseen: tuple[DomainCrops, DomainCrops],
        address: tuple[object, ...],
        device: torch.device,
    ) -> None:
        self.address, self.steps, self._settings = address, settings.steps, settings
        self._crops, self._device = (first, second), device
        self._watched = tuple(c.batch(*address, "watched", count=WATCHED, crop=settings.crop) for c in unseen)
        self._judges = Judges((first.bands, second.bands), settings)
        remember_variety(self._judges)
        self._made: tuple[Tensor, Tensor] | None = None
        self._draws: tuple[list[Draw], list[Draw]] = ([], [])
        # In this order, as published: discriminators see what the generators' own step has made.
        self.players = {
            "generator": Player(network, self._adam(network)),
            "discriminator": Player(self._judges, self._adam(self._judges)),
        }

    def rate(self, step: int) -> float:
        """Constant for the first half, then falling to 0 in a straight line (section 4)."""
        return falling_rate(step, self.steps)

    def batch(self, step: int) -> CycleRound:
        """Crops of both domains, and the noise between the loops."""
        s = self._settings
        first, second = (
            crops.batch(*self.address, self.stage, step, domain, count=s.batch, crop=s.crop)
            for domain, crops in zip(("first", "second"), self._crops)
        )
        random = addressed_generator(*self.address, self.stage, step, "noise")
        noise = tuple(sent(s.noise * torch.randn(x.shape, generator=random), self._device) for x in (second, first))
        return CycleRound(first, second, (noise[0], noise[1]), step)

    def losses(self, player: str, batch: CycleRound, modules: Modules) -> dict[str, Tensor]:
        """The generators' full objective (eq. 3, with section 5.2's identity loss), or the discriminators' (eq. 1)."""
        if player == "discriminator":
            return self._judged(batch, modules["discriminator"])
        settings = self._settings
        made: Rounds = modules["generator"](batch.first, batch.second, batch.noise, settings.identity_weight > 0)
        self._made = (made.back.detach().float(), made.there.detach().float())
        of_first, of_second = modules["discriminator"](made.back, made.there)
        opinion = (of_first.float() - 1).square().mean() + (of_second.float() - 1).square().mean()
        cycle = _distance(made.there_and_back, batch.first) + _distance(made.back_and_there, batch.second)
        same = _distance(made.same_back, batch.first) + _distance(made.same_there, batch.second)
        total = opinion + settings.cycle_weight * cycle + settings.identity_weight * same
        return {"total": total, "opinion": opinion, "cycle": cycle, "identity": same}

    def stepped(self, _values: dict[str, Tensor], /) -> None:
        """Keep what was made in this step in the pools."""
        assert self._made is not None
        for pool, images, draws in zip(self._pools, self._made, self._draws):
            pool.keep(images, draws)

    def validate(self, module: nn.Module) -> dict[str, float]:
        """How the game stands in the second domain, and how far images are off after there and back.

        Raises
        ------
        CollapseError
            If all translated images have become alike.
        """
        first, second = self._watched
        none = torch.zeros_like(first), torch.zeros_like(second)
        made: Rounds = module(first, second, (none[1], none[0]), False)
        there = made.there.float()
        judge = self._judges.second
        real, fake = judge(second).float(), judge(there).float()
        spread = variety(there, second)
        if have_become_alike(self._judges, spread):
            raise CollapseError(
                f"{self.stage}: collapsed: translated images differ by {spread:.2g} of what real ones do; lower "
                "learning_rate, or raise cycle_weight. The last checkpoint is from before this look"
            )
        return {
            "validation_cycle": float(_distance(made.there_and_back, first)),
            "told_apart": told_apart(real, fake),
            "variety": spread,
            "histogram": histogram_distance(there, second),
        }

    def strips(self, module: nn.Module) -> dict[str, Picture]:
        """Images of the first domain, translated, and translated back."""
        first, second = self._watched
        made: Rounds = module(first, second, (torch.zeros_like(second), torch.zeros_like(first)), False)
        return {"source, translated, back": in_the_scale((first, made.there.float(), made.there_and_back.float()))}

    def finish(self, _module: nn.Module, /) -> dict[str, float]:
        """Leave the generators as training made them."""
        return {}

    @property
    def _pools(self) -> list[ImagePool]:
        return [pool for pool in self._judges.pools if isinstance(pool, ImagePool)]

    def _judged(self, batch: CycleRound, judges: nn.Module) -> dict[str, Tensor]:
        assert self._made is not None
        first, second = (
            pool.draws(*self.address, self.stage, "pool", number, step=batch.step, count=len(images))
            for number, (pool, images) in enumerate(zip(self._pools, self._made))
        )
        self._draws = first, second
        fakes = [pool.shown(made, draws) for pool, made, draws in zip(self._pools, self._made, self._draws)]
        of_real, of_fake = judges(batch.first, batch.second), judges(*fakes)
        real = sum((logits.float() - 1).square().mean() for logits in of_real)
        fake = sum(logits.float().square().mean() for logits in of_fake)
        return {"total": (real + fake) / 2, "real": torch.as_tensor(real), "fake": torch.as_tensor(fake)}

    def _adam(self, module: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(module.parameters(), self._settings.learning_rate, (self._settings.beta1, 0.999))


def falling_rate(step: int, steps: int) -> float:
    """Factor on a learning rate: 1 for the first half of the steps, then falling to 0 in a straight line."""
    return min(1.0, 2 * (steps - step) / steps)


def in_the_scale(columns: tuple[Tensor, ...]) -> Picture:
    """A strip of versions of the same crops, each in the scale of its domain, from black at -1 to white at 1."""
    bands = columns[0].shape[1]
    return strip(columns, Stretch("linear", (0.0,) * bands, (1.0,) * bands), scaling_of(bands))


def _distance(one: Tensor, other: Tensor) -> Tensor:
    return (one.float() - other.float()).abs().mean()
