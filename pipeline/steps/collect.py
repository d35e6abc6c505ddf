"""collect: what the intervals of all networks are worth under all conditions, in one table."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.calibration import ALL, PIXELS
from pipeline.evaluation.interval_summary import EVERY, summarise_intervals
from pipeline.store import written_aside

log = logging.getLogger("clearfield")


def collect(gauged: list[Path], study: Study, out: Path) -> None:
    """Write ``intervals.csv``, with the columns of :func:`pipeline.evaluation.interval_summary.summarise_intervals`.

    Parameters
    ----------
    gauged : list of path
        ``intervals/<condition>.parquet`` of every condition.
    study : Study
    out : path
    """
    table = summarise_intervals(pd.concat([pd.read_parquet(path) for path in gauged], ignore_index=True), study.seed)
    with written_aside(out) as aside:
        table.to_csv(aside, index=False)
    condition = EVERY if EVERY in set(table["condition"]) else table["condition"].iloc[0]
    shown = table[(table["condition"] == condition) & (table["measure"] == PIXELS) & (table["bin"] == ALL)]
    of = {row.statistic: row.value for row in shown[shown["method"] == shown["method"].iloc[0]].iloc[::-1].itertuples()}
    log.info(
        "collect: %s, intervals of 68 and 95%% hold %.1f and %.1f%% of the truth",
        shown["method"].iloc[0], 100 * of["coverage_68"], 100 * of["coverage_95"],
    )  # fmt: skip
