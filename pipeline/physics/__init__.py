"""Operators: what instruments do to scenes, and quick ways back."""

from __future__ import annotations

from typing import Any

import torch

from pipeline.physics.blur import Blur
from pipeline.physics.noise import noise_from
from pipeline.physics.operator import Operator

__all__ = ["Blur", "Operator", "operator_from"]


def operator_from(values: dict[str, Any]) -> Operator:
    """The operator that its ``to_dict`` described."""
    if values["kind"] == "blur":
        return Blur(torch.as_tensor(values["psf"]), noise_from(values["noise"]))
    raise ValueError(f"no operator is called {values['kind']!r}")
