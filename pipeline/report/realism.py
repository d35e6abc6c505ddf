"""Whether restored patches could be told from real ones, as a table: a row per condition and method, and the null."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.real_or_restored import CLASSIFIERS, REAL
from pipeline.report.naming import condition_name, interval, method_name, number


@dataclass(frozen=True)
class Told:
    """One method under one condition: the areas under the curve of the weak and the strong classifier, as text.

    ``as_real`` tells of each whether it lies within what real against real gave.
    """

    condition: str
    method: str
    areas: list[str]
    as_real: list[bool]


@dataclass(frozen=True)
class Null:
    """Real against real by one classifier: the mean area, and from the lowest to the highest of ``rounds``."""

    mean: str
    span: str
    rounds: int


@dataclass(frozen=True)
class Realism:
    """What the classifiers made of a study."""

    rows: list[Told]
    nulls: list[Null]


def realism(paths: list[Path], study: Study) -> Realism | None:
    """Read ``discerned/<condition>.parquet`` files, in the study's order; None where nothing was told apart.

    Real against real has nothing to do with a condition, so its rounds are taken together.
    """
    table = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True) if paths else pd.DataFrame()
    if not len(table):
        return None
    areas: dict[tuple[str, str, str], list[float]] = {}
    for condition, method, classifier, area in zip(table.condition, table.method, table.classifier, table.auc):
        key = ("" if method == REAL else str(condition), str(method), str(classifier))
        areas.setdefault(key, []).append(float(area))
    nulls = {name: areas["", REAL, name] for name in CLASSIFIERS}
    rows = []
    for condition in study.conditions:
        for method in study.all_methods:
            if all((condition.name, method, name) in areas for name in CLASSIFIERS):
                means = {name: fmean(areas[condition.name, method, name]) for name in CLASSIFIERS}
                within = [min(nulls[name]) <= mean <= max(nulls[name]) for name, mean in means.items()]
                texts = [number(mean, 3) for mean in means.values()]
                rows.append(Told(condition_name(study, condition.name), method_name(method), texts, within))
    return Realism(rows, [Null(number(fmean(n), 3), interval(min(n), max(n), 3), len(n)) for n in nulls.values()])
