"""How well a reader sees lesions that were put into slices, as a table: a row per condition and method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.lesion_summary import CONTRAST, DETECTABILITY, SHARE
from pipeline.report.naming import condition_name, interval, method_name, number

UNDEGRADED = "undegraded"
"""In the place of a method: what the scanner gives when nothing is saved."""


@dataclass(frozen=True)
class LesionCell:
    """A value with its 95% interval."""

    text: str
    interval: str


@dataclass(frozen=True)
class LesionRow:
    """Detectability, its share of that of the undegraded scan, and the contrast that is left of a lesion's."""

    condition: str
    method: str
    cells: list[LesionCell]


@dataclass(frozen=True)
class LesionTable:
    """What the page shows of ``lesions.csv``; no rows where hardly any lesion found room."""

    rows: list[LesionRow]
    lesions: int
    groups: int


def lesion_table(files: list[Path], study: Study) -> LesionTable | None:
    """Read ``lesions.csv``; None where the study puts no lesions into slices."""
    if not files:
        return None
    table = pd.read_csv(files[0], dtype={"condition": str, "method": str, "statistic": str})
    rows = []
    for condition in study.conditions:
        for method in (UNDEGRADED, *study.all_methods):
            own = table[(table["condition"] == condition.name) & (table["method"] == method)].set_index("statistic")
            if len(own):
                cells = [_cell(own, statistic) for statistic in (DETECTABILITY, SHARE, CONTRAST)]
                name = "Undegraded scan" if method == UNDEGRADED else method_name(method)
                rows.append(LesionRow(condition_name(study, condition.name), name, cells))
    counted = (int(table[column].max()) if len(table) else 0 for column in ("lesions", "groups"))
    return LesionTable(rows, *counted)


def _cell(rows: pd.DataFrame, statistic: str) -> LesionCell:
    value, low, high = (float(rows[column][statistic]) for column in ("value", "low", "high"))
    return LesionCell(number(value), interval(low, high))
