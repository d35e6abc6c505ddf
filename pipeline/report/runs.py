"""What was run, with which settings and in what time: tables about tuning, training and restoration."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.report.figures.training import History
from pipeline.report.naming import condition_name, duration, method_name, model_name, number
from pipeline.store import read_restored


@dataclass(frozen=True)
class Tuned:
    """A classical method's settings under one condition, a cell per fold."""

    condition: str
    method: str
    folds: list[str]


def tuned_settings(paths: list[Path], study: Study) -> list[Tuned]:
    """Read ``tuned/<condition>/<method>.json`` files, in the study's order; methods without settings are left out."""
    read = {}
    for path in paths:
        values = json.loads(path.read_text())
        read[values["condition"], values["method"]] = values["folds"]
    rows = []
    for condition in study.conditions:
        for method in study.methods:
            folds = read.get((condition.name, method), {})
            cells = [_settings(folds.get(str(k), {}).get("settings", {})) for k in range(study.split.folds)]
            if any(cells):
                rows.append(Tuned(condition_name(study, condition.name), method_name(method), cells))
    return rows


def read_histories(paths: list[Path]) -> list[History]:
    """Read ``models/<network>/<fold>/history.csv`` files, networks as they come, folds in order, the final one last."""
    histories = [History(path.parents[1].name, path.parent.name, pd.read_csv(path)) for path in paths]
    order = list(dict.fromkeys(h.network for h in histories))
    return sorted(
        (h for h in histories if len(h.table)),
        key=lambda h: (order.index(h.network), h.fold == "final", _number(h.fold)),
    )


def training_rows(histories: list[History], study: Study) -> list[dict[str, Any]]:
    """A row per training: network or specialist, fold, steps, time, size, and the last score on the tune role."""
    rows = []
    for history in histories:
        scores = history.kept.get("validation_psnr", pd.Series(dtype=float)).dropna()
        fold = "final, for publication" if history.fold == "final" else history.fold.removeprefix("fold")
        rows.append(
            {
                "network": model_name(study, history.network),
                "fold": fold,
                "final": history.fold == "final",
                "steps": f"{history.steps:,}",
                "time": duration(history.seconds),
                "epoch_time": duration(_seconds_per_epoch(history.table)),
                "parameters": _parameters(history.table),
                "psnr": f"{number(float(scores.iloc[-1]))} dB" if len(scores) else "–",
            }
        )
    return rows


def _seconds_per_epoch(table: pd.DataFrame) -> float:
    """Time in which the first stage sees as many pixels as its training sky has."""
    if "epoch" not in table or "stage" not in table:
        return math.nan
    last = table[table["stage"] == table["stage"].iloc[0]].iloc[-1]
    return float(last["seconds"] / last["epoch"])


def _parameters(table: pd.DataFrame) -> str:
    return f"{int(table['parameters'].iloc[0]):,}" if "parameters" in table else "–"


def restoration_times(restored: dict[str, dict[str, Path]], study: Study) -> list[dict[str, Any]]:
    """Median time that an item took, a row per method and a cell per condition, over the items at hand."""
    rows = []
    for method in study.all_methods:
        cells = [_median_seconds(restored.get(c.name, {}).get(method)) for c in study.conditions]
        if any(math.isfinite(c) for c in cells):
            rows.append({"method": method_name(method), "times": [duration(c) for c in cells]})
    return rows


def _median_seconds(path: Path | None) -> float:
    if path is None:
        return math.nan
    with read_restored(path) as made:
        seconds = [float(made.attributes(item).get("seconds", math.nan)) for item in made.items]
    finite = [s for s in seconds if math.isfinite(s)]
    return float(np.median(finite)) if finite else math.nan


def _settings(values: dict[str, Any]) -> str:
    # What is measured on scenes, such as Wiener's spectra, is a table and no setting that a reader could compare.
    chosen = {name: value for name, value in values.items() if not isinstance(value, dict | list)}
    shown = {name: f"{value:.3g}" if isinstance(value, float) else str(value) for name, value in chosen.items()}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())


def _number(fold: str) -> int:
    digits = fold.removeprefix("fold")
    return int(digits) if digits.isdecimal() else 0
