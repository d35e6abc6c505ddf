"""Whether restored patches could be told from real ones, as a table: a row per condition and method, and the null."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.real_or_restored import JUDGES, REAL
from pipeline.report.naming import condition_name, interval, method_name, number

DECIMALS = 3
FEWEST_ROUNDS = 40
"""Of real against real, without which it is not said where 95% of them lie."""


@dataclass(frozen=True)
class Told:
    """One method under one condition: what each judge made of it, as text.

    ``as_real`` tells of each whether it lies within what real against real gave in 95% of the rounds; of a judge with
    too few of them it tells nothing.
    """

    condition: str
    method: str
    values: list[str]
    as_real: list[bool]


@dataclass(frozen=True)
class Null:
    """Real against real by one judge: the mean of ``rounds``, and where 95% of them lie, if there are enough."""

    mean: str
    span: str
    rounds: int


@dataclass(frozen=True)
class Realism:
    """What the judges made of a study, in the order of :data:`~pipeline.evaluation.real_or_restored.JUDGES`."""

    rows: list[Told]
    nulls: list[Null]


def realism(paths: list[Path], study: Study) -> Realism | None:
    """Read ``discerned/<condition>.parquet`` files, in the study's order; None where nothing was told apart.

    Real against real has nothing to do with a condition, so its rounds are taken together.
    """
    table = pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True) if paths else pd.DataFrame()
    if not len(table):
        return None
    found: dict[tuple[str, str, str], list[float]] = {}
    for condition, method, judge, value in zip(table.condition, table.method, table.judge, table.value):
        key = ("" if method == REAL else str(condition), str(method), str(judge))
        found.setdefault(key, []).append(float(value))
    nulls = {name: found["", REAL, name] for name in JUDGES}
    rows = []
    for condition in study.conditions:
        for method in study.all_methods:
            if all((condition.name, method, name) in found for name in JUDGES):
                means = {name: fmean(found[condition.name, method, name]) for name in JUDGES}
                within = [_within(mean, nulls[name]) for name, mean in means.items()]
                texts = [number(mean, DECIMALS) for mean in means.values()]
                rows.append(Told(condition_name(study, condition.name), method_name(method), texts, within))
    return Realism(
        rows, [Null(number(fmean(n), DECIMALS), interval(*_central(n), DECIMALS), len(n)) for n in nulls.values()]
    )


def _central(null: list[float]) -> tuple[float, float]:
    """Where 95% of the values lie; not known where there are few."""
    low, high = np.quantile(null, (0.025, 0.975)) if len(null) >= FEWEST_ROUNDS else (np.nan, np.nan)
    return float(low), float(high)


def _within(value: float, null: list[float]) -> bool:
    low, high = _central(null)
    return low <= value <= high
