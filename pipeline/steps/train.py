"""train: the networks of one fold, stage by stage, on the training role alone."""

from __future__ import annotations

import hashlib
import logging
import math
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import nn

from pipeline import __version__
from pipeline.code_hash import code_hash
from pipeline.config import Augment, ConfigError, Nafnet, Pix2pix, Study, settings_hash
from pipeline.display import Scaling
from pipeline.model_file import write_model
from pipeline.networks.build import build_network, drawing_network
from pipeline.networks.preparation import Preparation
from pipeline.physics.noise import addressed_generator
from pipeline.splits import Item, read_splits
from pipeline.step_settings import settings_for
from pipeline.steps.instrument import guard_of, read_stamp
from pipeline.store import read_images, written_aside
from pipeline.stretch import Stretch, StretchError
from pipeline.tiling import Window
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.degradation import UNCHANGED, Degrader
from pipeline.training.devices import fabric_for
from pipeline.training.instruments import Instruments
from pipeline.training.loop import LoopSettings
from pipeline.training.loop import train as train_task
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.posterior_task import PosteriorTask
from pipeline.training.regions import regions
from pipeline.training.restoration import RegressionTask
from pipeline.training.scenes import Scenes, SceneStatistics
from pipeline.training.task import Task
from pipeline.training.team import Team

log = logging.getLogger("clearfield")

FINAL = "final"
"""In place of a fold's number: the network that is trained on every group, for publication."""
INSTRUMENT: dict[str, Any] = {
    "protocol": True,
    "psf": {"profile", "beta", "obscuration"},
    "noise": {"kind"},
    "defects": True,
}
"""What a model's user must know of its instruments beside their range."""
LOOP = {"validate_every", "checkpoint_every", "ema", "clip", "compile"}
"""Settings of training that the loop goes by."""
READING = {"science", "noise", "noise_kind", "mask", "mask_bits", "unit", "background", "background_box"}
"""How files became images, as far as a user's own file is to be read alike."""
WATCHED = (8, 128)
"""Crops of the tune role on which training is watched, and their least width in px."""
FLATTEST_SKY = 1e-3
"""Noise of the sky over the span of the scene that a stretch assumes at least: a sky of one value has none."""


def train(images: Path, splits: Path, study: Study, network: str, fold: int | str, out: Path, work: Path) -> None:
    """Write ``<output>.safetensors`` for every output of a network, and ``history.csv``, to the folder ``out``.

    A killed training goes on from the checkpoint in ``work`` and ends with the same weights as an unbroken one. Where
    several processes share it, each runs all of this, and the first alone writes.

    Parameters
    ----------
    images, splits : path
        ``images.h5`` and ``splits.csv``.
    study : Study
    network : str
        Name of the network in the configuration, or of a specialist, ``<network>@<condition>``, which is trained for
        its condition alone.
    fold : int or "final"
    out : path
        Folder of the results.
    work : path
        Folder of the checkpoints and of TensorBoard's logs of the whole study.

    Raises
    ------
    ConfigError
        If the study has no model of that name, or no such fold.
    """
    if fold != FINAL and int(fold) >= study.split.folds:
        raise ConfigError(f"there is no fold{fold}; the study has fold0 to fold{study.split.folds - 1}, and {FINAL}")
    name, study = study.seen_by(network)
    settings = study.networks[name]
    fabric = fabric_for(study.train)
    team = Team(fabric.global_rank, fabric.world_size)
    address = (study.seed, network, fold)
    psf = [Path(study.degrade.psf.file)] if study.degrade.psf.file else []
    inputs = [digest(file) for file in (images, splits, *psf)]
    key = settings_hash([settings_for(study, "train", network=network), code_hash("train"), *inputs])
    place = f"{network}/fold{fold}" if fold != FINAL else f"{network}/{FINAL}"
    loop = LoopSettings(**study.train.model_dump(include=LOOP))
    history: list[dict[str, Any]] = []
    with _Material(images, read_splits(splits), study, fold, fabric.device) as material:
        module = build_network(settings.model_dump(), len(material.bands), len(material.preparation.descriptors))
        shared = material.shared(address, module.size or _multiple(WATCHED[1], module.stride))
        shared["team"] = team
        for outputs, starts in _stages(settings, study.train.augmentation, module, material, shared):
            trained, rows = _best_of(starts, loop, fabric, work / "train" / place / key, work / "tensorboard" / place)
            size = {"parameters": sum(p.numel() for p in trained.parameters())}
            for row in rows:
                epoch = row["step"] * settings.pixels_per_step(row["stage"]) / material.area
                history.append(row | {"epoch": epoch} | size)
            for output in outputs if team.rank == 0 else ():
                card = material.card(network, output, fold) | {"data_hash": inputs[0]}
                write_model(out / f"{output}.safetensors", trained.state_dict(), card)
    if team.rank:
        return
    with written_aside(out / "history.csv") as aside:
        pd.DataFrame(history).to_csv(aside, index=False)
    log.info("train %s: %s", place, _in_words(history))


def _in_words(history: list[dict[str, Any]]) -> str:
    last = {(row["stage"], row["start"]): row for row in history}.values()
    steps, seconds = " + ".join(str(row["step"]) for row in last), sum(row["seconds"] for row in last)
    scores = ", ".join(f"{row['validation_psnr']:.2f} dB after {row['stage']}" for row in last if row["kept"])
    return f"{steps} steps in {seconds:.0f} s, on the tune role {scores}"


def _best_of(
    starts: Iterable[Task], loop: LoopSettings, fabric: Fabric, work: Path, board: Path
) -> tuple[nn.Module, list[dict[str, Any]]]:
    """Train one stage from each start; its network with the weights that are best on the tune role, and all rows."""
    best, kept, weights, history = -math.inf, 0, {}, []
    for start, task in enumerate(starts):
        trained = task.players[task.kept].module
        if not task.steps:
            return trained, []
        again = f"restart{start}" if start else ""
        average, rows = train_task(task, loop, fabric, work / again, board / again)
        history += [row | {"start": start} for row in rows]
        if rows[-1]["validation_psnr"] > best:
            # The running mean, which is what a stage is judged by; the next start is of the same module.
            best, kept, weights = rows[-1]["validation_psnr"], start, deepcopy(average.state_dict())
    trained.load_state_dict(weights)
    return trained, [row | {"kept": row["start"] == kept} for row in history]


class _Material:
    """What a fold trains on, and how its network sees it. A context manager, since the images may stay open."""

    def __init__(self, images: Path, splits: list[Item], study: Study, fold: int | str, device: torch.device) -> None:
        self._study, self._device = study, device
        with read_images(images) as scenes:
            first = scenes.image(scenes.ids[0], Window(0, 0, 1, 1))
        self.bands, self.unit = first.bands, first.unit
        self.pixel_scale = first.pixel_scale or study.images.pixel_scale
        stamp = read_stamp(study)
        guard = guard_of(study, len(self.bands), self.pixel_scale, stamp)
        number = None if fold == FINAL else int(fold)
        self._scenes = Scenes(images, regions(splits, number, "train", guard), device)
        self.area = sum(r.window.height * r.window.width for r in self._scenes.regions)
        self._watched = Scenes(images, regions(splits, number or 0, "tune", 0), device)
        self._instruments = Instruments(study, len(self.bands), self.pixel_scale, stamp, device)
        self._statistics = self._scenes.statistics()
        stretch = _stretch(study, self.bands, self._statistics)
        # As astronomers stretch an image to see its noise: the sky's noise is of order one.
        noise = (max(s, FLATTEST_SKY * span) for s, span in zip(self._statistics.sky_sigma, self._statistics.span))
        self.view = Stretch("asinh", self._statistics.sky, tuple(noise))
        self.preparation = Preparation(stretch, self._statistics.variance, self._instruments.names)

    def __enter__(self) -> _Material:
        return self

    def __exit__(self, *_: object) -> None:
        self._scenes.close()
        self._watched.close()

    def degrader(self, augment: Augment) -> Degrader:
        """Draws from the training role."""
        return self._degrader(self._scenes, augment)

    def shared(self, address: tuple[object, ...], width: int) -> dict[str, Any]:
        """What the tasks of all stages share; they are watched on crops of ``width`` px of the tune role."""
        watched = self._degrader(self._watched, UNCHANGED)
        return {
            "watched": watched.batch(*address, "watched", count=WATCHED[0], crop=width),
            "address": address,
            "span": torch.tensor(self._statistics.span, device=self._device),
            "scaling": self._scaling(),
        }

    def _scaling(self) -> Scaling:
        known = self._statistics
        return Scaling(self.unit, self.bands, list(known.sky), list(known.sky_sigma), max(known.span))

    def _degrader(self, scenes: Scenes, augment: Augment) -> Degrader:
        clipped, defects = self._study.degrade.protocol == "galaxygan", self._study.degrade.defects
        return Degrader(scenes, self._instruments, self.preparation, clipped, self._device, defects, augment)

    def card(self, network: str, output: str, fold: int | str) -> dict[str, Any]:
        """What a user of the model must know."""
        study, instruments = self._study, self._instruments
        return {
            "network": network,
            "output": output,
            "settings": study.networks[network.partition("@")[0]].model_dump(mode="json"),
            "preparation": self.preparation.to_dict(),
            "bands": list(self.bands),
            "unit": self.unit,
            "pixel_scale": self.pixel_scale,
            "range": instruments.range() | self._noise_range(),
            "brightest": self._brightest(network),
            "psf": instruments.psfs[0].cpu().tolist() if len(instruments.psfs) == 1 else None,
            "psf_error": study.train.psf_error,
            "instrument": study.degrade.model_dump(mode="json", include=INSTRUMENT),
            "reading": study.images.model_dump(mode="json", include=READING),
            "study": study.study,
            "fold": fold,
            "seed": study.seed,
            "versions": {"clearfield": __version__, "torch": torch.__version__, "python": platform.python_version()},
        }

    def _brightest(self, network: str) -> list[float]:
        """The brightest light per band that the first stage was shown, in the unit of the image."""
        augment, statistics = self._study.train.augmentation, self._statistics
        changed = augment.share and isinstance(self._study.networks[network.partition("@")[0]], Nafnet)
        factor = (augment.brightness or 1.0) * augment.colour if changed else 1.0
        return [sky + factor * (most - sky) for sky, most in zip(statistics.sky, statistics.brightest)]

    def _noise_range(self) -> dict[str, list[float]]:
        """Least and greatest noise per band that training drew, in the unit of the image."""
        low, high = self._instruments.noise_range(self._statistics.sky_sigma)
        return {f"sigma_{band}": [a, b] for band, a, b in zip(self.bands, low, high)}


def _stretch(study: Study, bands: Sequence[str], statistics: SceneStatistics) -> Stretch:
    for band, span, sigma in zip(bands, statistics.span, statistics.sky_sigma):
        if not span:
            raise StretchError(f"band {band}: all of the training role has one value; there is nothing to learn from")
        if not sigma and study.train.stretch == "asinh":
            raise StretchError(
                f"band {band}: the sky is of one value, and its noise is what train.stretch asinh goes by; take linear"
            )
    if study.train.stretch == "linear":
        return Stretch("linear", statistics.sky, statistics.span)
    return Stretch("asinh", statistics.sky, tuple(study.train.softening * s for s in statistics.sky_sigma))


def _stages(
    settings: Nafnet | Pix2pix, augment: Augment, module: nn.Module, material: _Material, shared: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], Iterable[Task]]]:
    """For each stage, the outputs that it makes, and its task, once for each start."""
    if isinstance(settings, Pix2pix):
        pix2pix = partial(Pix2pixTask, module, settings, len(material.bands), degrader=material.degrader(UNCHANGED))
        yield ("sharp",), _starts(settings, module, material, shared, pix2pix)
        return
    regression = partial(RegressionTask, module, settings.regression, degrader=material.degrader(augment))
    yield ("faithful",), _starts(settings, module, material, shared, regression)
    faithful = {name: value.clone() for name, value in module.state_dict().items()}
    degrader = material.degrader(augment.in_place)
    # A discriminator starts from weights of its own address, whether the stage before it ran or was read back.
    _seed_weights(*shared["address"], "discriminator")
    adversarial = AdversarialTask(module, settings.adversarial, material.view, degrader=degrader, **shared)
    yield ("sharp",), [adversarial]
    if settings.posterior.steps:
        _seed_weights(*shared["address"], "posterior")
        bands, descriptors = len(material.bands), len(material.preparation.descriptors)
        drawing = drawing_network(faithful, settings.model_dump(), bands, descriptors)
        posterior = PosteriorTask(drawing, settings.posterior, material.view, degrader=degrader, **shared)
        yield ("mean", "sample"), [posterior]


def _starts(
    settings: Nafnet | Pix2pix,
    module: nn.Module,
    material: _Material,
    shared: dict[str, Any],
    task: Callable[..., Task],
) -> Iterator[Task]:
    """The task of the first stage, for each start with other weights in the same module."""
    for start in range(1 + settings.restarts):
        again = ("restart", start) if start else ()
        _seed_weights(*shared["address"], *again)
        fresh = build_network(settings.model_dump(), len(material.bands), len(material.preparation.descriptors))
        module.load_state_dict(fresh.state_dict())
        _seed_weights(*shared["address"], *again, "discriminator")
        yield task(**shared)


def _seed_weights(*address: object) -> None:
    torch.manual_seed(addressed_generator(*address, "weights").initial_seed())


def _multiple(least: int, stride: int) -> int:
    return -(-least // stride) * stride


def digest(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
