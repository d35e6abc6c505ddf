"""The one training loop: devices, precision, optimisers, running means, checkpoints and logs, for every task."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter

from pipeline.errors import ClearfieldError
from pipeline.progress import progress
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from pipeline.training.task import Task

log = logging.getLogger("clearfield")


class TrainingError(ClearfieldError):
    """A training that went wrong and says so."""


@dataclass(frozen=True)
class LoopSettings:
    """How a task is trained, whatever it is."""

    validate_every: int
    checkpoint_every: int
    ema: float
    clip: float


def fabric_for_this_machine() -> Fabric:
    """One device, the GPU if there is one, with bfloat16 there and float32 elsewhere."""
    precision = "bf16-mixed" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32-true"
    return Fabric(accelerator="auto", devices=1, precision=precision)


def train(
    task: Task, settings: LoopSettings, fabric: Fabric, work: Path, board: Path
) -> tuple[nn.Module, list[dict[str, Any]]]:
    """Train a task to its end, from its last checkpoint if there is one.

    Parameters
    ----------
    task : Task
    settings : LoopSettings
    fabric : Fabric
        Device and precision.
    work : Path
        Folder of the checkpoint of this very training.
    board : Path
        Folder of TensorBoard's scalars.

    Returns
    -------
    module : Module
        The kept player with the running mean of its weights.
    history : list of dict
        One row per ``validate_every`` steps: step, stage, seconds, losses, validation scores.

    Raises
    ------
    TrainingError
        If a loss is not finite.
    """
    players = {name: fabric.setup(p.module, p.optimiser) for name, p in task.players.items()}
    kept = task.players[task.kept].module
    average = AveragedModel(kept, multi_avg_fn=get_ema_multi_avg_fn(settings.ema))
    modules = {name: p.module for name, p in task.players.items()} | {"average": average}
    optimisers = {name: p.optimiser for name, p in task.players.items()}
    file = work / f"{task.stage}.safetensors"
    notes = load_checkpoint(file, modules, optimisers) or {"step": 0, "seconds": 0.0, "history": []}
    if notes["step"]:
        log.info("%s: going on from step %d of %d", task.stage, notes["step"], task.steps)
    base = {name: [group["lr"] for group in o.param_groups] for name, o in optimisers.items()}
    history, started = notes["history"], time.monotonic() - notes["seconds"]
    with SummaryWriter(str(board / task.stage), purge_step=notes["step"]) as writer:
        for step in progress(range(notes["step"], task.steps), task.stage, task.steps, "step", notes["step"]):
            values = _step(task, players, optimisers, base, settings, fabric, step)
            average.update_parameters(kept)
            done = step + 1
            if done % settings.validate_every == 0 or done == task.steps:
                row = _row(task, values, average.module, done, time.monotonic() - started)
                history.append(row)
                for name, value in row.items():
                    if isinstance(value, float):
                        writer.add_scalar(name, value, done)
            if done % settings.checkpoint_every == 0 or done == task.steps:
                notes = {"step": done, "seconds": time.monotonic() - started, "history": history}
                save_checkpoint(file, modules, optimisers, notes)
    return average.module, history


def _step(
    task: Task,
    players: dict[str, Any],
    optimisers: dict[str, torch.optim.Optimizer],
    base: dict[str, list[float]],
    settings: LoopSettings,
    fabric: Fabric,
    step: int,
) -> dict[str, torch.Tensor]:
    # Whatever a module draws by itself, such as dropout, is a function of the step too.
    torch.manual_seed(step)
    batch, values = task.batch(step), {}
    modules = {name: module for name, (module, _) in players.items()}
    for name, (module, optimiser) in players.items():
        for group, rate in zip(optimisers[name].param_groups, base[name]):
            group["lr"] = rate * task.rate(step)
        losses = task.losses(name, batch, modules)
        optimiser.zero_grad()
        fabric.backward(losses["total"])
        fabric.clip_gradients(module, optimiser, max_norm=settings.clip, error_if_nonfinite=False)
        optimiser.step()
        values |= {f"{name}_{key}": value.detach() for key, value in losses.items()}
    return values


def _row(task: Task, values: dict[str, torch.Tensor], module: nn.Module, step: int, seconds: float) -> dict[str, Any]:
    losses = {name: float(value) for name, value in values.items()}
    for name, value in losses.items():
        if not torch.isfinite(torch.tensor(value)):
            raise TrainingError(
                f"{task.stage}: {name} is {value} at step {step}; lower the learning rate, or look at the images for wild values"
            )
    module.eval()
    with torch.no_grad():
        scores = task.validate(module)
    module.train()
    return {"step": step, "stage": task.stage, "seconds": round(seconds, 1), **losses, **scores}
