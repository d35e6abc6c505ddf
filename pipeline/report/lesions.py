"""How well a reader sees lesions that were put into slices, as a table: a row per condition, contrast and method."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.lesion_summary import CONTRAST, DETECTABILITY, SHARE, UNDEGRADED
from pipeline.report.naming import condition_name, interval, method_name, number


@dataclass(frozen=True)
class LesionCell:
    """A value with its 95% interval."""

    text: str
    interval: str


@dataclass(frozen=True)
class LesionRow:
    """Detectability, its share of that of the undegraded scan, and the contrast that is left of a lesion's."""

    condition: str
    contrast: str
    method: str
    cells: list[LesionCell]


@dataclass(frozen=True)
class LesionTable:
    """What the page shows of ``lesions.csv``; no rows where hardly any lesion found room."""

    rows: list[LesionRow]
    lesions: int
    groups: int


def read_lesions(files: list[Path]) -> pd.DataFrame | None:
    """Read ``lesions.csv``; None where the study puts no lesions into slices."""
    return pd.read_csv(files[0], dtype={"condition": str, "method": str, "statistic": str}) if files else None


def reader_name(method: str) -> str:
    """A method, or the undegraded scan, in words."""
    return "Undegraded scan" if method == UNDEGRADED else method_name(method)


def lesion_table(table: pd.DataFrame, study: Study) -> LesionTable:
    """The table of a study, from ``lesions.csv``."""
    rows = []
    scalars = table[table["statistic"].isin([DETECTABILITY, SHARE, CONTRAST])]
    for condition, contrast in product(study.conditions, sorted(set(scalars["contrast"]), key=abs)):
        part = scalars[(scalars["condition"] == condition.name) & (scalars["contrast"] == contrast)]
        for method in (UNDEGRADED, *study.all_methods):
            own = part[part["method"] == method].set_index("statistic")
            if len(own):
                cells = [_cell(own, statistic) for statistic in (DETECTABILITY, SHARE, CONTRAST)]
                name = condition_name(study, condition.name)
                rows.append(LesionRow(name, f"{contrast:+g}", reader_name(method), cells))
    counted = (int(table[column].max()) if len(table) else 0 for column in ("lesions", "groups"))
    return LesionTable(rows, *counted)


def _cell(rows: pd.DataFrame, statistic: str) -> LesionCell:
    value, low, high = (float(rows[column][statistic]) for column in ("value", "low", "high"))
    return LesionCell(number(value), interval(low, high))
