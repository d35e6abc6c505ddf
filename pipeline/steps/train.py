"""train: the networks of one fold, stage by stage, on the training role alone."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import nn

from pipeline.code_hash import code_hash
from pipeline.config import Augment, ConfigError, Denoiser, Nafnet, Pix2pix, Study, Unrolled, settings_hash
from pipeline.model_file import write_model
from pipeline.networks.build import RestoringNetwork, drawing_network, spread_network
from pipeline.physics.noise import addressed_generator
from pipeline.splits import FINAL, HALVES, read_splits, rows_for
from pipeline.step_settings import settings_for
from pipeline.steps.denoising_material import DenoisingMaterial
from pipeline.steps.paired_material import PairedMaterial
from pipeline.steps.scan_material import ScanMaterial
from pipeline.steps.slice_material import SliceMaterial
from pipeline.steps.training_material import TrainingMaterial
from pipeline.store import written_aside
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.degradation import UNCHANGED
from pipeline.training.devices import fabric_for
from pipeline.training.loop import LoopSettings
from pipeline.training.loop import train as train_task
from pipeline.training.pair_file import PairFile
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.posterior_task import PosteriorTask
from pipeline.training.restoration import RegressionTask
from pipeline.training.spread_task import SpreadTask
from pipeline.training.task import Task
from pipeline.training.team import Team

log = logging.getLogger("clearfield")

LOOP = {"validate_every", "checkpoint_every", "ema", "clip", "compile"}
"""Settings of training that the loop goes by."""


def train(
    images: Path,
    splits: Path,
    study: Study,
    network: str,
    fold: int | str,
    out: Path,
    work: Path,
    paired: Path | None = None,
) -> None:
    """Write ``<output>.safetensors`` for every output of a network, and ``history.csv``, to the folder ``out``.

    Where the network is to have intervals, ``spread.safetensors`` says how far ``faithful`` is off.

    A killed training goes on from the checkpoint in ``work`` and ends with the same weights as an unbroken one. Where
    several processes share it, each runs all of this, and the first alone writes.

    Parameters
    ----------
    images, splits : path
        ``images.h5`` and ``splits.csv``.
    study : Study
    network : str
        Name of the network in the configuration, or of a specialist, ``<network>@<condition>``, which is trained for
        its condition alone, or ``denoiser`` where the method ``plug_and_play`` needs it.
    fold : int, "final", "half0" or "half1"
    out : path
        Folder of the results.
    work : path
        Folder of the checkpoints and of TensorBoard's logs of the whole study.
    paired : path, optional
        Of a study with pairs, the observations that ``pair`` wrote.

    Raises
    ------
    ConfigError
        If the study has no model of that name, or no such fold.
    """
    if fold not in (FINAL, *HALVES) and int(fold) >= study.split.folds:
        raise ConfigError(f"there is no fold{fold}; the study has fold0 to fold{study.split.folds - 1}, and {FINAL}")
    name, study = study.seen_by(network)
    settings = study.trained[name]
    fabric = fabric_for(study.train)
    team = Team(fabric.global_rank, fabric.world_size)
    address = (study.seed, network, fold)
    psf = [Path(study.degrade.psf.file)] if study.degrade.psf.file else []
    inputs = [digest(file) for file in (images, splits, *psf, *([paired] if paired else []))]
    key = settings_hash([settings_for(study, "train", network=network), code_hash("train"), *inputs])
    place = f"{network}/{fold if isinstance(fold, str) else f'fold{fold}'}"
    loop = LoopSettings(**study.train.model_dump(include=LOOP))
    history: list[dict[str, Any]] = []
    items, number = rows_for(read_splits(splits), fold)
    observed = _observed(paired, study, number, fabric.device)
    with _material_for(settings, study, name)(images, items, study, number, fabric.device, observed) as material:
        module = material.network(settings)
        shared = material.shared(address, module) | {"team": team}
        for outputs, starts in _stages(settings, study.train.augmentation, module, material, shared):
            trained, rows = _best_of(starts, loop, fabric, work / "train" / place / key, work / "tensorboard" / place)
            size = {"parameters": sum(p.numel() for p in trained.parameters())}
            for row in rows:
                epoch = row["step"] * material.pixels_per_step(settings, row["stage"]) / material.area
                history.append(row | {"epoch": epoch} | size)
            for output in outputs if team.rank == 0 else ():
                card = material.card(network, output, fold) | {"data_hash": inputs[0]}
                write_model(out / f"{output}.safetensors", trained.state_dict(), card)
    if team.rank:
        return
    with written_aside(out / "history.csv") as aside:
        pd.DataFrame(history).to_csv(aside, index=False)
    log.info("train %s: %s", place, _in_words(history))


def _observed(paired: Path | None, study: Study, fold: int | str, device: torch.device) -> PairFile | None:
    if (paired is None) == (study.pairs is None):
        return PairFile(paired, fold, device) if paired else None
    if paired is None:
        raise ConfigError(f"the study {study.study} has pairs; give the file that the step `pair` wrote, with --paired")
    raise ConfigError(f"--paired {paired}: the study {study.study} has no pairs; leave it out")


def _material_for(settings: Nafnet | Pix2pix | Denoiser, study: Study, network: str) -> type[TrainingMaterial]:
    if isinstance(settings, Denoiser):
        return DenoisingMaterial
    if study.degrade.scan is not None:
        return SliceMaterial if isinstance(settings, Unrolled) else ScanMaterial
    return PairedMaterial if study.learns_from_pairs(network) else TrainingMaterial


def _in_words(history: list[dict[str, Any]]) -> str:
    last = {(row["stage"], row["start"]): row for row in history}.values()
    steps, seconds = " + ".join(str(row["step"]) for row in last), sum(row["seconds"] for row in last)
    judged = [row for row in last if row["kept"] and "validation_psnr" in row]
    scores = ", ".join(f"{row['validation_psnr']:.2f} dB after {row['stage']}" for row in judged)
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
        # Of a stage that restores nothing there is no PSNR, and one start.
        score = rows[-1].get("validation_psnr", 0.0)
        if score > best:
            # The running mean, which is what a stage is judged by; the next start is of the same module.
            best, kept, weights = score, start, deepcopy(average.state_dict())
    trained.load_state_dict(weights)
    return trained, [row | {"kept": row["start"] == kept} for row in history]


def _stages(
    settings: Nafnet | Pix2pix | Denoiser,
    augment: Augment,
    module: RestoringNetwork,
    material: TrainingMaterial,
    shared: dict[str, Any],
) -> Iterator[tuple[tuple[str, ...], Iterable[Task]]]:
    """For each stage, the outputs that it makes, and its task, once for each start."""
    if isinstance(settings, Pix2pix):
        pix2pix = partial(Pix2pixTask, module, settings, len(material.bands), degrader=material.degrader(UNCHANGED))
        yield ("sharp",), _starts(settings, module, material, shared, pix2pix)
        return
    regression = partial(RegressionTask, module, settings.regression, degrader=material.degrader(augment))
    if isinstance(settings, Denoiser):
        yield settings.outputs, _starts(settings, module, material, shared, regression)
        return
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
    if settings.spread.steps:
        _seed_weights(*shared["address"], "spread")
        frozen = material.network(settings)
        frozen.load_state_dict(faithful)
        network = spread_network(settings.model_dump(), len(material.bands), len(material.preparation.descriptors))
        spread = SpreadTask(network, frozen, settings.spread, degrader=material.degrader(augment), **shared)
        yield ("spread",), [spread]


def _starts(
    settings: Nafnet | Pix2pix | Denoiser,
    module: nn.Module,
    material: TrainingMaterial,
    shared: dict[str, Any],
    task: Callable[..., Task],
) -> Iterator[Task]:
    """The task of the first stage, for each start with other weights in the same module."""
    for start in range(1 + settings.restarts):
        again = ("restart", start) if start else ()
        _seed_weights(*shared["address"], *again)
        fresh = material.network(settings)
        module.load_state_dict(fresh.state_dict())
        _seed_weights(*shared["address"], *again, "discriminator")
        yield task(**shared)


def _seed_weights(*address: object) -> None:
    torch.manual_seed(addressed_generator(*address, "weights").initial_seed())


def digest(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
