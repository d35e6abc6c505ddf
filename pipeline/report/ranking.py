"""Which differences stand: methods against the reference, on how many groups that rests, and what restarts scatter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.comparisons import EVERY, SIGNIFICANT
from pipeline.report.figures.training import History
from pipeline.report.naming import condition_name, interval, method_name, model_name, number


@dataclass(frozen=True)
class ComparedRow:
    """One method against the reference of a condition, in PSNR."""

    condition: str
    method: str
    trained: bool
    reference: str
    gain: str
    by_groups: str
    by_folds: str
    rank_biserial: str
    cliffs_delta: str
    ahead: str
    p_value: str
    p_reference: str
    stands: bool


@dataclass(frozen=True)
class Restarts:
    """How often the first stage of a network was begun, and how its starts scatter on the tune role."""

    model: str
    starts: int
    folds: int
    scatter: str


@dataclass(frozen=True)
class Ranking:
    """What the page says of comparisons.

    ``least_p`` is the lowest p-value that Wilcoxon's test can give with so few groups; ``friedman`` says, by condition,
    whether any method stands out.
    """

    rows: list[ComparedRow]
    comparisons: int
    groups: int
    folds: int
    least_p: str
    too_few: bool
    friedman: list[tuple[str, str]]
    restarts: list[Restarts]


def read_comparisons(path: Path) -> pd.DataFrame:
    """Read ``comparisons.csv`` or ``ranking.csv``; names stay text."""
    names = ("condition", "space", "metric", "method", "other", "cliques")
    table = pd.read_csv(path, dtype=dict.fromkeys(names, str), keep_default_na=False)
    for name in [column for column in table.columns if column not in names]:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table


def of_psnr(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Rows about PSNR in the first space of the study."""
    return table[(table["metric"] == "psnr") & (table["space"] == study.evaluate.spaces[0])]


def ranking_content(
    comparisons: pd.DataFrame, ranking: pd.DataFrame, histories: list[History], study: Study
) -> Ranking | None:
    """What the page says, from ``comparisons.csv`` and ``ranking.csv``; None where no two methods were scored."""
    pairs, ranks = of_psnr(comparisons, study), of_psnr(ranking, study)
    if pairs.empty:
        return None
    asked = pairs[pairs["p_reference"].notna()]
    found = {(r["condition"], r["method"]): r for r in asked.to_dict("records")}
    rows = [_row(found[c.name, m], study) for c in study.conditions for m in study.all_methods if (c.name, m) in found]
    groups = int(pairs["groups"].max())
    least = 2.0 ** (1 - groups)
    return Ranking(
        rows=rows,
        comparisons=len(asked),
        groups=groups,
        folds=int(pairs["folds"].max()),
        least_p=f"{least:.3g}",
        too_few=least * len(asked) > SIGNIFICANT,
        friedman=[_friedman(part, name, study) for name, part in ranks.groupby("condition", sort=False)],
        restarts=[r for network in study.models if (r := _restarts(network, histories, study)) is not None],
    )


def _row(record: dict[Any, Any], study: Study) -> ComparedRow:
    return ComparedRow(
        condition=condition_name(study, record["condition"]),
        method=method_name(record["method"]),
        trained=record["method"] in study.network_methods,
        reference=method_name(record["other"]),
        gain=number(record["gain"], signed=True),
        by_groups=interval(record["low_groups"], record["high_groups"], signed=True),
        by_folds=interval(record["low_folds"], record["high_folds"], signed=True),
        rank_biserial=number(record["rank_biserial"], signed=True),
        cliffs_delta=number(record["cliffs_delta"], signed=True),
        ahead=f"{100 * record['ahead']:.0f}%",
        p_value=_p(record["p_value"]),
        p_reference=_p(record["p_reference"]),
        stands=record["p_reference"] < SIGNIFICANT,
    )


def _p(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _friedman(part: pd.DataFrame, name: object, study: Study) -> tuple[str, str]:
    first = part.iloc[0]
    words = f"χ² = {number(first['friedman'], 1)}, p {p if (p := _p(first['p_value'])).startswith('<') else '= ' + p}"
    return ("all conditions together" if name == EVERY else condition_name(study, str(name)), words)


def _restarts(model: str, histories: list[History], study: Study) -> Restarts | None:
    """Scatter of the last score of the first stage between the starts of one fold, over the folds that judge."""
    last = []
    for history in histories:
        table = history.table
        if history.network == model and history.fold != "final" and "start" in table:
            first = table[table["stage"] == table["stage"].iloc[0]]
            last.append(first.groupby("start")["validation_psnr"].last().to_numpy(float))
    starts = max((len(scores) for scores in last), default=0)
    if starts < 2:
        return None
    variances = [np.var(scores, ddof=1) for scores in last if len(scores) > 1]
    return Restarts(model_name(study, model), starts, len(last), f"{number(float(np.sqrt(np.mean(variances))))} dB")
