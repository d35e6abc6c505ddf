"""What was measured on sources, as a table: a row per condition and method, a column per measure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.source_measures import CENTROID, FOUND, MORPHOLOGY, REAL, SHEAR, SourceMeasure, source_measure
from pipeline.evaluation.source_summary import ALL, SNR
from pipeline.report.naming import condition_name, interval, method_name, number

SHOWN_BIN = "10 to 30"
"""Signal-to-noise in which the table compares methods: seen well enough to measure, and not so well that all do."""
STATISTICS = {
    "bias": "bias", "scatter": "scatter", "error": "error", "r2": "r²", "share": "",
    "m1": "m₁", "c1": "c₁", "m2": "m₂", "c2": "c₂",
}  # fmt: skip
COMPARISONS = {
    "relative": "relative error, (restored − true) / true",
    "difference": "restored − true",
    "place": "lower is better",
    "shear": "lower is better",
    "share": "higher is better",
}
"""How a restored value is compared with the true one, in words."""
DECIMALS = 3


@dataclass(frozen=True)
class SourceColumn:
    """One statistic of one measure in one bin."""

    measure: SourceMeasure
    statistic: str
    bin: str

    @property
    def heading(self) -> str:
        """As it stands above the column."""
        return " ".join(filter(None, (self.measure.label, STATISTICS[self.statistic])))

    @property
    def unit(self) -> str:
        """Unit for a heading; empty for a pure number."""
        return "" if self.measure.unit == "1" else self.measure.unit


@dataclass(frozen=True)
class SourceCell:
    """A value with its 95% interval, and how many sources it rests on."""

    text: str
    interval: str
    count: str


@dataclass(frozen=True)
class SourceRow:
    """One method under one condition."""

    condition: str
    method: str
    cells: list[SourceCell]
    flagged: str


@dataclass(frozen=True)
class SourceTable:
    """What the page shows of ``sources.csv``."""

    columns: list[SourceColumn]
    rows: list[SourceRow]
    measures: list[SourceMeasure]


def read_sources(paths: list[Path]) -> pd.DataFrame | None:
    """Read ``sources.csv``; None where the study asks for none, or no source was found."""
    table = pd.read_csv(paths[0], dtype={"condition": str, "method": str, "bin": str}) if paths else pd.DataFrame()
    return table if len(table) else None


def light_shown(table: pd.DataFrame) -> str:
    """The light that is shown: that within twice the PSF's width, which loses least to noise, or the first there is."""
    names = [n for n in table["measure"].unique() if str(n).startswith(("flux_", "aperture_"))]
    return next((n for n in names if n.endswith("_2fwhm")), names[0] if names else "")


def source_table(table: pd.DataFrame, study: Study) -> SourceTable:
    """The table of a study, from ``sources.csv``."""
    columns = list(_columns(table))
    found = {
        (r["condition"], r["method"], r["measure"], r["statistic"], r["bin"]): r
        for r in table[table["axis"] == SNR].to_dict("records")
    }
    rows = []
    for condition in study.conditions:
        for method in study.all_methods:
            key = condition.name, method
            records = [found.get((*key, c.measure.name, c.statistic, c.bin)) for c in columns]
            if any(records):
                cells = [_cell(record) for record in records]
                rows.append(
                    SourceRow(
                        condition_name(study, condition.name), method_name(method),
                        cells, _flagged(found, key),
                    )
                )  # fmt: skip
    measures = list({column.measure.name: column.measure for column in columns}.values())
    return SourceTable(columns, rows, measures)


def _columns(table: pd.DataFrame) -> Iterator[SourceColumn]:
    light = light_shown(table)
    wanted = [
        (light, ("bias", "scatter"), SHOWN_BIN),
        # Display units have no colours.
        (f"colour_{light.removeprefix('flux_')}", ("bias", "scatter"), SHOWN_BIN),
        ("half_light_radius", ("bias", "scatter"), SHOWN_BIN),
        (CENTROID, ("error",), SHOWN_BIN),
        (SHEAR, ("error", "m1", "m2"), SHOWN_BIN),
        *((name, ("bias",), ALL) for name in MORPHOLOGY),
        *((name, ("share",), ALL) for name in (FOUND, REAL)),
    ]
    there = set(table["measure"])
    for name, statistics, bin_ in wanted:
        if name in there:
            yield from (SourceColumn(source_measure(name), statistic, bin_) for statistic in statistics)


def _cell(record: dict | None) -> SourceCell:
    if record is None or not math.isfinite(record["value"]):
        return SourceCell("–", "", "")
    count = f"{record['n']:.0f} values, {record['flagged']:.0f} flagged, {record['left_out']:.0f} left out"
    return SourceCell(number(record["value"], DECIMALS), interval(record["low"], record["high"], DECIMALS), count)


def _flagged(found: dict, key: tuple[str, str]) -> str:
    """Fits of shape, and of morphology, that failed or are in doubt, of how many."""
    texts = []
    for name, statistic in ((SHEAR, "error"), (MORPHOLOGY[0], "bias")):
        record = found.get((*key, name, statistic, ALL))
        if record is not None:
            texts.append(f"{record['flagged']:.0f} of {record['asked']:.0f}")
    return "; ".join(texts) or "–"
