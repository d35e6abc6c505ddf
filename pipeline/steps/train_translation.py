"""train_translation: a translator into another domain, on the training role of the first fold alone."""

from __future__ import annotations

import logging
import math
import platform
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from pipeline import __version__
from pipeline.code_hash import code_hash
from pipeline.config import ConfigError, CycleGan, Study, TranslatingPix2pix, settings_hash
from pipeline.domain_scale import DomainScale
from pipeline.model_file import write_model
from pipeline.networks.translators import ThereAndBack, build_translator
from pipeline.physics.noise import addressed_generator
from pipeline.splits import Item, Role, read_splits
from pipeline.step_settings import settings_for
from pipeline.steps.domain_material import Domain, TranslationError, refuse_other_bands, refuse_other_places
from pipeline.steps.train import digest
from pipeline.store import written_aside
from pipeline.training.cycle_task import CycleTask
from pipeline.training.devices import fabric_for
from pipeline.training.loop import LoopSettings
from pipeline.training.loop import train as train_task
from pipeline.training.paired_translation_task import PairedTranslationTask
from pipeline.training.task import Task, TrainingError
from pipeline.translators.network import TRANSLATOR
from pipeline.unpaired import FOLD, apart

ROLES: tuple[Role, Role] = ("train", "tune")
"""What is learned from, and what training is watched on."""

log = logging.getLogger("clearfield")


def train_translation(
    images: Path, splits: Path, into: Path, into_splits: Path, truth: Path | None, study: Study, network: str,
    out: Path, work: Path,
) -> None:  # fmt: skip
    """Write ``translator.safetensors`` and ``history.csv`` to the folder ``out``.

    CycleGAN learns from slices of both domains that show nobody in common; pix2pix from pairs, of the same slices of
    the first domain, and their truth. A killed training goes on from the checkpoint in ``work`` and ends with the same
    weights as an unbroken one.

    Parameters
    ----------
    images, splits : path
        ``images.h5`` and ``splits.csv``.
    into, into_splits : path
        The same of the other domain.
    truth : path or None
        Images of the other domain that show the very same.
    study : Study
    network : str
        Name of the translator in the configuration.
    out : path
        Folder of the results.
    work : path
        Folder of the checkpoints and of TensorBoard's logs of the whole study.

    Raises
    ------
    ConfigError
        If the study has no translator of that name.
    TranslationError
        If the domains have not as many bands, or pix2pix has no pairs.
    TrainingError
        If several processes were started.
    """
    if network not in study.translators:
        raise ConfigError(
            f"no translator is called {network!r}; the study has {', '.join(study.translators) or 'none'}"
        )
    settings = study.translators[network]
    fabric = fabric_for(study.train)
    if fabric.world_size > 1:
        raise TrainingError("translators are trained by one process; start it without --devices and --nodes")
    address = (study.seed, "translation", network)
    files = [images, splits, into, into_splits, *([truth] if truth else [])]
    inputs = [digest(file) for file in files]
    step = "train_translation"
    key = settings_hash([settings_for(study, step, translator=network), code_hash(step), *inputs])
    # Clipping is no part of either publication.
    loop = LoopSettings(study.train.validate_every, study.train.checkpoint_every, settings.ema, math.inf)
    rows, into_rows = apart(read_splits(splits), read_splits(into_splits))
    first = Domain(images, rows)
    if isinstance(settings, CycleGan):
        second = Domain(into, into_rows)
        refuse_other_bands(first, second)
    else:
        second = _paired(first, truth, rows, network)
    scales = first.scale(), second.scale()
    task = _task(settings, (first, second), scales, address, fabric.device)
    place = f"translation/{network}"
    trained, history = train_task(task, loop, fabric, work / place / key, work / "tensorboard" / place)
    domains = [domain.said(scale) for domain, scale in zip((first, second), scales)]
    card = _card(study, network, settings.model_dump(mode="json"), domains) | {"data_hash": inputs[0]}
    write_model(out / "translator.safetensors", trained.state_dict(), card)
    size = {"parameters": sum(p.numel() for p in trained.parameters())}
    with written_aside(out / "history.csv") as aside:
        pd.DataFrame([row | size for row in history]).to_csv(aside, index=False)
    last = history[-1]
    log.info("train_translation %s: %d steps in %.0f s", network, last["step"], last["seconds"])


def _paired(first: Domain, truth: Path | None, rows: list[Item], network: str) -> Domain:
    """The other half of pairs."""
    if truth is None:
        raise TranslationError(f"{network}: pix2pix learns from pairs; translate.truth must name their other half")
    refuse_other_places(first.path, truth)
    return Domain(truth, rows)


def _task(
    settings: CycleGan | TranslatingPix2pix,
    domains: tuple[Domain, Domain],
    scales: tuple[DomainScale, DomainScale],
    address: tuple[object, ...],
    device: torch.device,
) -> Task:
    """An untrained translator, and what it is trained and watched on."""
    torch.manual_seed(addressed_generator(*address, "weights").initial_seed())
    first, second = domains
    module = build_translator(settings.model_dump(), len(first.first.bands), len(second.first.bands))
    learned, unseen = ((first.crops(role, scales[0], device), second.crops(role, scales[1], device)) for role in ROLES)
    if isinstance(settings, CycleGan):
        assert isinstance(module, ThereAndBack)
        return CycleTask(module, settings, *learned, unseen, address, device)
    assert not isinstance(module, ThereAndBack)
    return PairedTranslationTask(module, settings, learned, unseen, address)


def _card(study: Study, network: str, settings: dict[str, Any], domains: list[dict[str, Any]]) -> dict[str, Any]:
    """What a user of the translator must know."""
    return {
        "kind": TRANSLATOR,
        "translator": network,
        "settings": settings,
        "domains": domains,
        "use": "research only: a translated image shows what is usual, and may lack a lesion or hold one that is none",
        "study": study.study,
        "fold": FOLD,
        "seed": study.seed,
        "versions": {"clearfield": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }
