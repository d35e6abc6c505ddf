"""The state of a training in progress, in safetensors and JSON, from which a killed run goes on as if unbroken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from pipeline.store import written_aside


def save_checkpoint(
    path: Path, modules: dict[str, nn.Module], optimisers: dict[str, Optimizer], notes: dict[str, Any]
) -> None:
    """Write weights, optimiser states and notes (step, history) in one file, aside and renamed."""
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"module/{name}/{key}": value for key, value in module.state_dict().items()}
    for name, optimiser in optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{name}/{index}/{key}": torch.as_tensor(value) for key, value in state.items()}
    # Cloned, since safetensors refuses tensors that share memory, and contiguous, since it keeps no strides.
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    with written_aside(path) as aside:
        save_file(tensors, aside, metadata={"notes": json.dumps(notes)})


def load_checkpoint(
    path: Path, modules: dict[str, nn.Module], optimisers: dict[str, Optimizer]
) -> dict[str, Any] | None:
    """Restore weights and optimiser states in place; None where there is no whole checkpoint.

    Returns
    -------
    dict or None
        The notes that :func:`save_checkpoint` was given.
    """
    notes = read_notes(path)
    if notes is None:
        return None
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for name, module in modules.items():
        module.load_state_dict(_below(tensors, f"module/{name}/"))
    for name, optimiser in optimisers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _below(tensors, f"optimiser/{name}/").items():
            index, field = key.split("/")
            state.setdefault(int(index), {})[field] = value
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        _lay_out(optimiser)
    return notes


def read_notes(path: Path) -> dict[str, Any] | None:
    """The notes of a checkpoint (step, history), without its tensors; None where there is no whole checkpoint."""
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads((file.metadata() or {})["notes"])
    except (FileNotFoundError, SafetensorError, KeyError):
        return None


def _lay_out(optimiser: Optimizer) -> None:
    # In memory as the parameters are, as if the optimiser had made them: another order of sums would be another result.
    for parameter, state in optimiser.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
