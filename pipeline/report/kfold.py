"""K-fold r squared: how well measured light and size answer to the true ones, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.source_measures import source_measure
from pipeline.evaluation.source_summary import ALL, AXIS_FOLD, R_SQUARED, SNR
from pipeline.report.naming import condition_name, interval, method_name, number
from pipeline.report.sources import light_shown

DECIMALS = 3


@dataclass(frozen=True)
class KFoldCell:
    """Mean over folds, the lowest and the highest, and of how many sources there was a value."""

    mean: str
    span: str
    count: str


@dataclass(frozen=True)
class KFoldTable:
    """A column per measure, a row per condition and method."""

    headings: list[str]
    rows: list[tuple[str, str, list[KFoldCell]]]


def kfold_table(table: pd.DataFrame, study: Study) -> KFoldTable | None:
    """The table of a study, from ``sources.csv``; None where it has no r squared."""
    scores = table[table["statistic"] == R_SQUARED]
    measures = [m for m in (light_shown(table), "half_light_radius") if m in set(scores["measure"])]
    if not measures:
        return None
    rows = []
    for condition in study.conditions:
        for method in study.all_methods:
            own = scores[(scores["condition"] == condition.name) & (scores["method"] == method)]
            if len(own):
                cells = [_cell(own[own["measure"] == measure]) for measure in measures]
                rows.append((condition_name(study, condition.name), method_name(method), cells))
    return KFoldTable([source_measure(measure).label for measure in measures], rows)


def _cell(rows: pd.DataFrame) -> KFoldCell:
    folds = rows.loc[rows["axis"] == AXIS_FOLD, "value"].to_numpy(float)
    folds = folds[np.isfinite(folds)]
    whole = rows[(rows["axis"] == SNR) & (rows["bin"] == ALL)]
    count = f"{whole['n'].iloc[0]:.0f} of {whole['asked'].iloc[0]:.0f}" if len(whole) else ""
    if not folds.size:
        return KFoldCell("–", "", count)
    return KFoldCell(number(folds.mean(), DECIMALS), interval(folds.min(), folds.max(), DECIMALS), count)
