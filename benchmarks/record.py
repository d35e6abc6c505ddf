"""What a benchmark found: printed as ``name: value (bound)``, and kept in ``benchmarks/results.json``."""

from __future__ import annotations

import json
import operator
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import torch

RESULTS = Path(__file__).with_name("results.json")
COMPARISONS = {">=": operator.ge, "<=": operator.le}
_missed: list[str] = []


def record(name: str, value: float, bound: str = "", unit: str = "") -> None:
    """Print a figure and keep it, with the machine and the commit that it was measured on.

    Parameters
    ----------
    name : str
        What was measured, as ``benchmark/figure/condition``.
    value : float
    bound : str
        ``>= 2.0`` or ``<= 0.5``; empty where a figure is stated and has no bound.
    unit : str
    """
    words = f"{value:.4g} {unit}".strip()
    holds = None
    if bound:
        comparison, limit = bound.split()
        holds = bool(COMPARISONS[comparison](value, float(limit)))
        words += f" ({bound}{'' if holds else ', MISSED'})"
        _missed.extend([] if holds else [name])
    print(f"{name}: {words}", flush=True)
    every = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    every[name] = {"value": value, "unit": unit, "bound": bound, "holds": holds, **_circumstances()}
    aside = RESULTS.with_suffix(".tmp")
    aside.write_text(json.dumps(every, indent=1, sort_keys=True) + "\n")
    aside.replace(RESULTS)


def missed() -> list[str]:
    """Names of the figures of this run that are out of bounds."""
    return list(_missed)


def _circumstances() -> dict[str, object]:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    root = Path(__file__).parents[1]
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
        ).stdout.strip()
    except FileNotFoundError:
        asked = ""
    written = datetime.now(UTC).isoformat(timespec="seconds")
    return {"gpu": gpu, "commit": asked or None, "written": written, "torch": torch.__version__}
