"""The tables of the report, from ``summary.csv``: a row per method, a column per metric, the best of each marked."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.metrics import Metric, metric
from pipeline.evaluation.spaces import LINEAR
from pipeline.report.naming import condition_name, interval, method_name, number

ARROWS = {"higher": "↑", "lower": "↓", "nearest to 0": "→ 0", "nearest to 1": "→ 1"}
DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "nearest to 0": "nearest to 0 is best",
    "nearest to 1": "nearest to 1 is best",
}


@dataclass(frozen=True)
class Column:
    """One metric in one space."""

    metric: Metric
    space: str
    heading: str

    @property
    def arrow(self) -> str:
        """Which way is better, as a sign."""
        return ARROWS[self.metric.direction]

    @property
    def unit(self) -> str:
        """Unit for a heading; empty for a pure number."""
        return "" if self.metric.unit == "1" else self.metric.unit


@dataclass(frozen=True)
class Cell:
    """A median with its 95% interval."""

    text: str
    interval: str
    best: bool


@dataclass(frozen=True)
class Row:
    """One method under one condition."""

    method: str
    name: str
    trained: bool
    reference: bool
    difference: str
    difference_interval: str
    p_value: str
    cells: list[Cell]


@dataclass(frozen=True)
class ConditionTable:
    """All methods under one condition, classical ones first."""

    condition: str
    name: str
    items: int
    rows: list[Row]


def columns_of(summary: pd.DataFrame, study: Study) -> list[Column]:
    """The metrics of a summary in its order, but PSNR in the first space of the study before all others."""
    pairs = list(dict.fromkeys(zip(summary.space.astype(str), summary.metric.astype(str))))
    spaces = {name: [s for s, m in pairs if m == name] for _, name in pairs}
    columns = []
    for space, name in pairs:
        known = metric(name)
        # The space is said where there is a choice; what lives in none of them is listed as linear.
        said = f"{known.label}, {space}" if len(spaces[name]) > 1 or space != LINEAR else known.label
        columns.append(Column(known, space, said))
    return sorted(columns, key=lambda c: (c.metric.name, c.space) != ("psnr", study.evaluate.spaces[0]))


def condition_tables(summary: pd.DataFrame, study: Study) -> list[ConditionTable]:
    """A table per condition of the study that has scores."""
    columns = columns_of(summary, study)
    tables = []
    for condition in study.conditions:
        scores = summary[summary.condition == condition.name]
        if len(scores):
            rows = _rows(scores, columns, study)
            name = condition_name(study, condition.name)
            tables.append(ConditionTable(condition.name, name, int(scores.n.max()), rows))
    return tables


def _rows(scores: pd.DataFrame, columns: list[Column], study: Study) -> list[Row]:
    methods = [m for m in study.all_methods if m in set(scores.method)]
    table = {(r["method"], r["space"], r["metric"]): r for r in scores.to_dict("records")}
    cells: dict[str, list[Cell]] = {m: [] for m in methods}
    for column in columns:
        found = [table.get((m, column.space, column.metric.name)) for m in methods]
        values = np.array([math.nan if r is None else float(r["median"]) for r in found])
        for m, cell in zip(methods, _cells(values, found, column.metric)):
            cells[m].append(cell)
    psnr = {m: table.get((m, study.evaluate.spaces[0], "psnr")) for m in methods}
    return [_row(m, psnr[m], cells[m], study) for m in methods]


def _cells(values: np.ndarray, found: list[dict[Hashable, Any] | None], kind: Metric) -> list[Cell]:
    losses = np.where(np.isfinite(values), kind.loss(values), np.inf)
    texts = [_value(v, kind) for v in values]
    finite = np.isfinite(losses)
    # What reads the same as the best is as good as the best.
    best = texts[int(np.argmin(losses))] if finite.sum() > 1 else None
    spans = ["" if r is None else _span(r["low"], r["high"], kind) for r in found]
    return [Cell(text, span, bool(ok) and text == best) for text, span, ok in zip(texts, spans, finite)]


def _row(method: str, psnr: dict[Hashable, Any] | None, cells: list[Cell], study: Study) -> Row:
    difference, low, high, p, reference = (
        (psnr or {}).get(name, math.nan)
        for name in ("difference", "difference_low", "difference_high", "p_value", "reference")
    )
    return Row(
        method=method,
        name=method_name(method),
        trained=method in study.network_methods,
        reference=reference == method,
        difference=number(difference, signed=True),
        difference_interval=interval(low, high, signed=True),
        p_value="" if not math.isfinite(p) else "p < 0.001" if p < 0.001 else f"p = {p:.3f}",
        cells=cells,
    )


def _value(value: float, kind: Metric) -> str:
    return number(value, _decimals(value, kind))


def _span(low: float, high: float, kind: Metric) -> str:
    return interval(low, high, max(_decimals(low, kind), _decimals(high, kind)))


def _decimals(value: float, kind: Metric) -> int:
    if kind.unit in ("dB", "dex"):
        return 2
    if kind.unit == "1" or not math.isfinite(value) or value == 0:
        return 3
    # Three significant digits of what has the unit of the image, whatever that is.
    return int(np.clip(2 - math.floor(math.log10(abs(value))), 0, 8))
