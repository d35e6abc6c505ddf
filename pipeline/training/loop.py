"""The one training loop: optimisers, running means, checkpoints and logs, for every task and number of processes."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pipeline.physics.noise import addressed_generator
from pipeline.progress import progress
from pipeline.training.board import Board, open_board
from pipeline.training.checkpoint import load_checkpoint, save_checkpoint
from pipeline.training.device_memory import batch_that_fits, crops_of, room_to_watch
from pipeline.training.live import Live
from pipeline.training.running_mean import follow
from pipeline.training.soundness import Watch, refuse_infinite
from pipeline.training.task import Task
from pipeline.training.team import Team

log = logging.getLogger("clearfield")


@dataclass(frozen=True)
class LoopSettings:
    """How a task is trained, whatever it is."""

    validate_every: int
    checkpoint_every: int
    ema: float
    clip: float
    compile: bool = False
    """The kept player alone: no penalty asks for its slope, and compiled code has no second derivatives."""


def train(
    task: Task, settings: LoopSettings, fabric: Fabric, work: Path, board: Path
) -> tuple[nn.Module, list[dict[str, Any]]]:
    """Train a task to its end, from its last checkpoint if there is one.

    Where several processes share the batches, each of them calls this and returns the same; the first alone writes.

    Parameters
    ----------
    task : Task
    settings : LoopSettings
    fabric : Fabric
        Devices and precision.
    work : Path
        Folder of the checkpoint of this very training.
    board : Path
        Folder of TensorBoard's scalars and strips.

    Returns
    -------
    module : Module
        The kept player with the running mean of its weights.
    history : list of dict
        One row per ``validate_every`` steps, and for the last: step, stage, seconds, losses, validation scores.

    Raises
    ------
    TrainingError
        If a loss, its gradient or a validation score is not finite.
    """
    players = {name: fabric.setup(p.module, p.optimiser) for name, p in task.players.items()}
    kept = task.players[task.kept].module
    average = deepcopy(kept)
    modules = {name: p.module for name, p in task.players.items()} | {"average": average}
    optimisers = {name: p.optimiser for name, p in task.players.items()}
    file = work / f"{task.stage}.safetensors"
    # After the mean was made, which is looked at rarely; in place, so that no name of a weight knows of it.
    if settings.compile:
        kept.compile()
    team = Team(fabric.global_rank, fabric.world_size)
    notes = load_checkpoint(file, modules, optimisers) or {"step": 0, "seconds": 0.0, "history": []}
    if notes["step"] >= task.steps:
        return _finished(task, average, notes["history"])
    if notes["step"]:
        log.info("%s: going on from step %d of %d", task.stage, notes["step"], task.steps)
    base = {name: [group["lr"] for group in o.param_groups] for name, o in optimisers.items()}
    history, started = notes["history"], time.monotonic() - notes["seconds"]
    watch = Watch(task.stage)
    # What a killed run wrote of steps that are now taken again is not shown twice.
    with nullcontext() if team.rank else open_board(board / task.stage, notes["step"] + 1) as shown:
        live = Live(players, history[-1].get("validation_psnr") if history else None)
        for step in progress(range(notes["step"], task.steps), task.stage, task.steps, "step", notes["step"], live):
            with batch_that_fits(task.stage, team.size, lambda fewer: _trial(task, fabric, fewer)) as drawn:
                drawn.append(batch := task.batch(step))
                values = _step(task, players, optimisers, base, settings, fabric, team, watch, step, batch)
            follow(average, kept, settings.ema, step)
            live.step(values, team.size * crops_of(batch))
            done = step + 1
            last = done == task.steps
            judged = last or done % settings.validate_every == 0
            saved = last or done % settings.checkpoint_every == 0
            # By every process, before the first writes: they stop together, and nothing that is lost is saved.
            if judged or saved:
                watch.look()
            if judged:
                row = _row(task, values, average, done, time.monotonic() - started)
                history.append(row)
                if shown is not None:
                    _show(shown, task, average, row)
                live.looked(row)
            if team.rank == 0 and saved:
                notes = {"step": done, "seconds": time.monotonic() - started, "history": history}
                save_checkpoint(file, modules, optimisers, notes)
    return _finished(task, average, history)


def _finished(task: Task, module: nn.Module, history: list[dict[str, Any]]) -> tuple[nn.Module, list[dict[str, Any]]]:
    module.eval()
    return module, [*history[:-1], history[-1] | task.finish(module)]


def _step(
    task: Task,
    players: dict[str, Any],
    optimisers: dict[str, torch.optim.Optimizer],
    base: dict[str, list[float]],
    settings: LoopSettings,
    fabric: Fabric,
    team: Team,
    watch: Watch,
    step: int,
    batch: Any,
) -> dict[str, Tensor]:
    # Whatever a module draws by itself, such as dropout, is a function of the step too, and of the process.
    address = (*task.address, task.stage, step, "modules", *team.address)
    torch.manual_seed(addressed_generator(*address).initial_seed())
    values: dict[str, Tensor] = {}
    for name, (module, optimiser) in players.items():
        for group, rate in zip(optimisers[name].param_groups, base[name]):
            group["lr"] = rate * task.rate(step)
        with fabric.autocast(), _others_at_rest(task, name) as others:
            losses = task.losses(name, batch, {**others, name: module})
        optimiser.zero_grad()
        fabric.backward(losses["total"])
        # A discriminator's penalties keep its slope in bounds, and act in few steps that clipping would undo.
        largest = settings.clip if name == task.kept else math.inf
        norm = fabric.clip_gradients(module, optimiser, max_norm=largest, error_if_nonfinite=False)
        assert norm is not None
        found = team.means({f"{name}_{key}": value.detach() for key, value in losses.items()})
        watch.note(step + 1, found | {f"the gradient of {name}_total": norm})
        optimiser.step()
        values |= found
    task.stepped(values)
    return values


def _trial(task: Task, fabric: Fabric, batch: Any) -> None:
    """What takes the memory of a step, with bare networks: others may not be there to take part."""
    for name, player in task.players.items():
        with fabric.autocast(), _others_at_rest(task, name) as others:
            total = task.losses(name, batch, {**others, name: player.module})["total"]
        torch.autograd.grad(total, list(player.module.parameters()), allow_unused=True)


@contextmanager
def _others_at_rest(task: Task, moving: str) -> Iterator[dict[str, nn.Module]]:
    """The bare modules of all players but the one that moves; their weights take no gradient meanwhile."""
    others = {name: player.module for name, player in task.players.items() if name != moving}
    for module in others.values():
        module.requires_grad_(False)
    try:
        yield others
    finally:
        for module in others.values():
            module.requires_grad_(True)


def _row(task: Task, values: dict[str, Tensor], module: nn.Module, step: int, seconds: float) -> dict[str, Any]:
    module.eval()
    with torch.no_grad(), room_to_watch(task.stage):
        scores = task.validate(module)
    module.train()
    refuse_infinite(task.stage, step, scores)
    losses = {name: float(value) for name, value in values.items()}
    return {"step": step, "stage": task.stage, "seconds": round(seconds, 3), **losses, **scores}


def _show(board: Board, task: Task, module: nn.Module, row: dict[str, Any]) -> None:
    module.eval()
    with torch.no_grad():
        strips = task.strips(module)
    module.train()
    board.show(row["step"], row, strips)
