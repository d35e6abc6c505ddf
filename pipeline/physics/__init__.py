"""Operators: what instruments do to scenes, and quick ways back."""

from __future__ import annotations

from typing import Any

import torch

from pipeline.physics.blur import Blur
from pipeline.physics.kspace import KSpace, kspace_from
from pipeline.physics.noise import noise_from
from pipeline.physics.operator import Operator
from pipeline.physics.radon import Radon

__all__ = ["Blur", "KSpace", "Operator", "Radon", "operator_from"]


def operator_from(values: dict[str, Any]) -> Operator:
    """The operator that its ``to_dict`` described."""
    if values["kind"] == "blur":
        return Blur(torch.as_tensor(values["psf"]), noise_from(values["noise"]))
    if values["kind"] == "radon":
        numbers = {name: values[name] for name in ("views", "pixel", "bins", "per_unit")}
        return Radon(tuple(values["shape"]), noise=noise_from(values["noise"]), **numbers)
    if values["kind"] == "kspace":
        return kspace_from(values, noise_from(values["noise"]))
    raise ValueError(f"no operator is called {values['kind']!r}")
