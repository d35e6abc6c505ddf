"""train_field: a generator of synthetic fields, on the training role of the first fold alone."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import torch

from pipeline.code_hash import code_hash
from pipeline.config import ConfigError, Study, settings_hash
from pipeline.model_file import write_model
from pipeline.physics.noise import addressed_generator
from pipeline.splits import read_splits
from pipeline.step_settings import settings_for
from pipeline.steps.field_material import FieldMaterial
from pipeline.steps.train import digest
from pipeline.store import written_aside
from pipeline.training.balance import LEAST_VARIETY
from pipeline.training.devices import fabric_for
from pipeline.training.field_task import FieldTask
from pipeline.training.loop import LoopSettings
from pipeline.training.loop import train as train_task
from pipeline.training.team import Team

log = logging.getLogger("clearfield")

LOOP = {"validate_every", "checkpoint_every", "clip"}
"""Settings of training that the loop goes by here; its own are the running mean, and that nothing is compiled."""


def train_field(images: Path, splits: Path, study: Study, generator: str, out: Path, work: Path) -> None:
    """Write ``generator.safetensors`` and ``history.csv`` to the folder ``out``.

    A killed training goes on from the checkpoint in ``work`` and ends with the same weights as an unbroken one.

    Parameters
    ----------
    images, splits : path
        ``images.h5`` and ``splits.csv``.
    study : Study
    generator : str
        Name of the generator in the configuration.
    out : path
        Folder of the results.
    work : path
        Folder of the checkpoints and of TensorBoard's logs of the whole study.

    Raises
    ------
    ConfigError
        If the study has no generator of that name.
    """
    if generator not in study.painters:
        raise ConfigError(f"no generator is called {generator!r}; the study has {', '.join(study.painters)}")
    settings = study.painters[generator]
    fabric = fabric_for(study.train)
    team = Team(fabric.global_rank, fabric.world_size)
    address = (study.seed, "field", generator)
    inputs = [digest(file) for file in (images, splits)]
    key = settings_hash([settings_for(study, "train_field", generator=generator), code_hash("train_field"), *inputs])
    place = f"field/{generator}"
    loop = LoopSettings(**study.train.model_dump(include=LOOP), ema=settings.ema)
    with FieldMaterial(images, read_splits(splits), study, settings, fabric.device) as material:
        if team.rank == 0:
            material.warn_of_several_textures()
        torch.manual_seed(addressed_generator(*address, "weights").initial_seed())
        task = FieldTask(
            material.generator(), settings, address=address, device=fabric.device, team=team, **material.shared()
        )
        trained, rows = train_task(task, loop, fabric, work / place / key, work / "tensorboard" / place)
        if team.rank:
            return
        card = material.card(generator) | {"data_hash": inputs[0]}
        write_model(out / "generator.safetensors", trained.state_dict(), card)
    size = {"parameters": sum(p.numel() for p in trained.parameters())}
    with written_aside(out / "history.csv") as aside:
        pd.DataFrame([row | size for row in rows]).to_csv(aside, index=False)
    last = rows[-1]
    if last["variety"] < LEAST_VARIETY:
        log.warning("train_field %s: what it paints is nearly the same everywhere; train it longer", generator)
    words = "%d steps in %.0f s, %.0f%% of the patches told apart"
    log.info(f"train_field %s: {words}", generator, last["step"], last["seconds"], 100 * last["told_apart"])
