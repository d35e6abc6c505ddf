"""What the intervals of the networks are worth, as a table: a row per method and signal-to-noise of the observation."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.calibration import ALL, PIXELS
from pipeline.evaluation.interval_summary import EVERY
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.evaluation.source_measures import source_measure
from pipeline.report.naming import condition_name, interval, method_name, number

TRUE_PSF = "as it is"
STATISTICS = ("coverage_68", "coverage_95", "width_68", "interval_score_ratio_95", "crps_ratio")
"""Columns of the table, each with its 95% interval."""
TOLERANCE = 0.03
"""A coverage that is off by more is called so ..."""
MOST_NAMED = 4
"""... and so many are named, if they are off under single conditions alone."""

Record = dict[Hashable, Any]
Records = dict[tuple[Any, ...], Record]


@dataclass(frozen=True)
class IntervalCell:
    """A number with its 95% interval."""

    text: str
    interval: str


@dataclass(frozen=True)
class IntervalRow:
    """One method, and one bin or one mistake about the PSF."""

    method: str
    what: str
    cells: list[IntervalCell]
    groups: str


@dataclass(frozen=True)
class IntervalTable:
    """What the page shows of ``intervals.csv``."""

    pixels: list[IntervalRow]
    mistaken: list[IntervalRow]
    sources: list[IntervalRow]
    verdict: str


def read_intervals(paths: list[Path]) -> pd.DataFrame | None:
    """Read ``intervals.csv``; None where there are no intervals."""
    if not paths:
        return None
    return pd.read_csv(paths[0], dtype=dict.fromkeys(("condition", "method", "psf", "measure", "bin"), str))


def interval_table(table: pd.DataFrame, study: Study) -> IntervalTable:
    """The table of a study, over all of its conditions together."""
    conditions = set(table["condition"])
    together = EVERY if EVERY in conditions else str(table["condition"].iloc[0])
    shown = table[table["condition"] == together]
    found: Records = {
        (r["method"], r["psf"], r["measure"], r["bin"], r["statistic"]): r for r in shown.to_dict("records")
    }
    methods = [m for m in study.interval_methods if m in set(shown["method"])]
    psfs = [p for p in dict.fromkeys(shown["psf"]) if p != TRUE_PSF]
    measures = [m for m in dict.fromkeys(shown["measure"]) if m != PIXELS]
    pixels = [_row(found, m, TRUE_PSF, PIXELS, b, _of_bin(b)) for m in methods for b in (*BINS, ALL)]
    mistaken = [_row(found, m, psf, PIXELS, ALL, f"PSF told {psf}") for m in methods for psf in psfs]
    sources = [
        _row(found, m, TRUE_PSF, measure, b, f"{source_measure(measure).label}, {_of_bin(b)}")
        for m in methods
        for measure in measures
        for b in (*BINS, ALL)
    ]
    judged = [[row for row in rows if row.groups] for rows in (pixels, mistaken, sources)]
    return IntervalTable(judged[0], judged[1], judged[2], _verdict(table, together, study))


def _of_bin(name: str) -> str:
    return "everywhere" if name == ALL else f"S/N {name}"


def _row(found: Records, method: str, psf: str, measure: str, bin_: str, what: str) -> IntervalRow:
    records = [found.get((method, psf, measure, bin_, statistic)) for statistic in STATISTICS]
    groups = "" if records[0] is None else f"{records[0]['groups']:,.0f}"
    return IntervalRow(method_name(method), what, [_cell(r, s) for r, s in zip(records, STATISTICS)], groups)


def _cell(record: Record | None, statistic: str) -> IntervalCell:
    if record is None or not math.isfinite(record["value"]):
        return IntervalCell("–", "")
    value, low, high = (float(record[name]) for name in ("value", "low", "high"))
    if statistic.startswith("coverage"):
        return IntervalCell(f"{number(100 * value, 1)}%", interval(100 * low, 100 * high, 1))
    decimals = 2 if "ratio" in statistic or value == 0 else max(0, min(8, 2 - math.floor(math.log10(abs(value)))))
    return IntervalCell(number(value, decimals), interval(low, high, decimals))


def _verdict(table: pd.DataFrame, together: str, study: Study) -> str:
    """Whether every bin of every method holds what it says: of all conditions together, and under each alone."""
    limit = f"{100 * TOLERANCE:.0f} points"
    if not _judged(table, together):
        return "No interval was judged in any bin: no pixel of the held-out images counts."
    off = _off(table, together, study)
    if off:
        return f"Off by more than {limit}: {'; '.join(off)}."
    single = [
        f"{condition_name(study, c.name)}, {words}" for c in study.conditions for words in _off(table, c.name, study)
    ]
    if not single:
        return f"In every bin that has pixels the intervals held the truth as often as they say, within {limit}."
    more = f"; and {len(single) - MOST_NAMED} more, in intervals.csv" if len(single) > MOST_NAMED else ""
    return (
        "Of all conditions together, in every bin that has pixels the intervals held the truth as often as they say, "
        f"within {limit}; under one condition alone they were off by more: {'; '.join(single[:MOST_NAMED])}{more}."
    )


def _judged(table: pd.DataFrame, condition: str) -> bool:
    found = table[(table["condition"] == condition) & (table["psf"] == TRUE_PSF) & (table["measure"] == PIXELS)]
    return bool(found.loc[found["statistic"].str.startswith("coverage"), "value"].notna().any())


def _off(table: pd.DataFrame, condition: str, study: Study) -> list[str]:
    """Methods and bins of which intervals are off under a condition, in words."""
    found = table[(table["condition"] == condition) & (table["psf"] == TRUE_PSF) & (table["measure"] == PIXELS)]
    values = {(r["method"], r["bin"], r["statistic"]): float(r["value"]) for r in found.to_dict("records")}
    asked = product(study.interval_methods, BINS, (68, 95))
    return [
        f"{method_name(method)}, S/N {name}: {number(100 * value, 1)}% for {level}%"
        for method, name, level in asked
        if abs((value := values.get((method, name, f"coverage_{level}"), math.nan)) - level / 100) > TOLERANCE
    ]
