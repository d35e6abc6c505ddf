"""What was measured of a model, as a card shows it: scores, sources, calibration, audit; what is missing is said.

Tables of other steps reach a card through :func:`gathered`, and the page through :func:`evidence`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation.comparisons import EVERY
from pipeline.evaluation.source_measures import SHEAR, source_measure
from pipeline.evaluation.summary import FIELD
from pipeline.splits import FINAL

ALL = "all"
SOURCES, INTERVALS, VERDICTS = "sources.csv", "intervals.csv", "verdicts.csv"
"""What `tally`, `collect` and `audit` write."""
_MEASURED = {"half_light_radius": ("bias", "scatter", "r2"), SHEAR: ("error",), "completeness": ("share",)}
_OF_LIGHT = ("bias", "scatter", "r2")
_COVERAGE = ("coverage_68", "coverage_95")
_WORDS = {"bias": "bias", "scatter": "scatter", "r2": "r²", "error": "error", "share": ""}
_SOURCE = ["condition", "measure", "statistic", "bin", "value", "low", "high", "n"]
_COVERED = ["condition", "measure", "bin", "statistic", "value", "low", "high", "groups"]
_VERDICT = ["condition", "inconsistent", "invented", "why"]


def gathered(tables: Sequence[Path], method: str, conditions: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Rows about one method, of the tables that are there, as plain values for a card.

    Parameters
    ----------
    tables : sequence of Path
        Any of ``sources.csv``, ``intervals.csv`` and ``verdicts.csv`` (of an audit).
    method : str
        ``<network>_<output>``.
    conditions : sequence of str
        Those that the model serves.

    Returns
    -------
    dict
        ``sources``, ``coverage`` and ``audit``, where there is such a table and it has rows of the method.
    """
    found = {path.name: _of_method(path, method) for path in tables}
    rows = {
        "sources": _of_sources(found[SOURCES], conditions) if SOURCES in found else [],
        "coverage": _of_intervals(found[INTERVALS]) if INTERVALS in found else [],
        "audit": _of_verdicts(found[VERDICTS], conditions) if VERDICTS in found else [],
    }
    return {name: some for name, some in rows.items() if some}


def evidence(card: dict[str, Any]) -> Iterator[str]:
    """Paragraphs and tables: how it was judged, scores, sources, calibration, audit."""
    yield _judgement(card)
    yield "\n".join(_scores(card))
    yield "### Light, size and shape"
    yield "\n".join(_sources(card.get("sources", [])))
    yield "### Calibration"
    yield "\n".join(_coverage(card))
    yield "### Audit"
    yield "\n".join(_audit(card.get("audit", [])))


def psnr_in_words(score: dict[str, Any]) -> str:
    """Median PSNR with its interval."""
    return f"{_decibel(score['median'])} [{_decibel(score['low'])}, {_decibel(score['high'])}]"


def difference_in_words(score: dict[str, Any]) -> str:
    """Difference to the reference with its interval."""
    value, low, high = (_decibel(score[key], "+") for key in ("difference", "difference_low", "difference_high"))
    return f"{value} [{low}, {high}]"


def _judgement(card: dict[str, Any]) -> str:
    whose = f"{card['folds']} networks, one per fold, judged on images that the network had never seen"
    if card["fold"] == FINAL:
        how = f"Scores are those of {whose}. This file is a network trained in the same way on all of them."
    else:
        how = f"Scores are those of {whose}. This file is the network of fold {card['fold']}."
    field = any(score["scope"] == FIELD for score in card["scores"])
    scope = "They hold for this one field, not for others." if field else "They hold for images such as these."
    return f"{how} {scope} Medians over n items with 95% intervals; the difference is paired, against the reference."


def _scores(card: dict[str, Any]) -> Iterator[str]:
    yield "| condition | space | PSNR (dB) | difference (dB) | reference | n |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for score in card["scores"]:
        cells = (score["condition"], score["space"], psnr_in_words(score), difference_in_words(score))
        yield f"| {' | '.join(map(str, (*cells, score['reference'], score['n'])))} |"


def _sources(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "Not measured: fluxes, sizes and shapes of sources are measured where `evaluate.shapes` is on."
        return
    yield "Of sources found in the truth, of any signal-to-noise and in all bands; bias and scatter are relative errors"
    yield "of light and size, r² is that of their logarithms about the line measured = true. With 95% intervals."
    yield ""
    yield "| condition | measure | value | n |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        name = " ".join(filter(None, (source_measure(row["measure"]).label, _WORDS[row["statistic"]])))
        yield f"| {row['condition']} | {name} | {_span(row)} | {row['n']:.0f} |"


def _coverage(card: dict[str, Any]) -> Iterator[str]:
    if "intervals" not in card:
        yield "Not calibrated: it gives one value per pixel, without an interval that says how far it may be off."
        return
    groups = card["intervals"]["calibrated"]["pixels"]["notes"][ALL]["groups"]
    yield f"Every restored image comes with intervals, calibrated on {groups} {card['intervals']['counted']}."
    rows = card.get("coverage", [])
    if not rows:
        yield "How often they hold the truth was not judged."
        return
    yield "How often intervals of 68 and 95% hold the truth on images never seen, by signal-to-noise as observed:"
    yield ""
    yield "| condition | of | signal-to-noise | interval | holds the truth in | groups |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        level = f"{row['statistic'].removeprefix('coverage_')}%"
        cells = (row["condition"], row["measure"], row["bin"], level, _span(row), f"{row['groups']:.0f}")
        yield f"| {' | '.join(cells)} |"


def _audit(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "Not audited: nobody has asked whether it contradicts its data, or paints what is not there."
        return
    yield "| condition | inconsistent with the data | invented | why |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        verdicts = ("yes" if row[name] else "not found" for name in ("inconsistent", "invented"))
        yield f"| {' | '.join((row['condition'], *verdicts, row['why'] or '–'))} |"


def _of_sources(table: pd.DataFrame, conditions: Sequence[str]) -> list[dict[str, Any]]:
    table = table[(table["axis"] == "snr") & (table["bin"] == ALL) & table["condition"].isin(conditions)]
    shown = [_is_shown(str(m), str(s)) for m, s in zip(table["measure"], table["statistic"])]
    return _plain(table[shown][_SOURCE])


def _of_intervals(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Coverage with the PSF that was told rightly, which comes first, over all conditions where there are several."""
    table = table[table["statistic"].isin(_COVERAGE) & (table["psf"] == table["psf"].head(1).max())]
    whole = table[table["condition"] == EVERY]
    return _plain((whole if len(whole) else table)[_COVERED])


def _of_verdicts(table: pd.DataFrame, conditions: Sequence[str]) -> list[dict[str, Any]]:
    return _plain(table[table["condition"].isin(conditions)][_VERDICT])


def _is_shown(measure: str, statistic: str) -> bool:
    light = measure.startswith(("flux_", "aperture_"))
    return statistic in (_OF_LIGHT if light else _MEASURED.get(measure, ()))


def _of_method(path: Path, method: str) -> pd.DataFrame:
    table = pd.read_csv(path, dtype={"condition": str, "method": str, "bin": str})
    return table[table["method"] == method]


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    # JSON has no NaN: what could not be measured is null.
    found: list[Any] = table.astype(object).where(table.notna(), None).to_dict("records")
    return found


def _span(row: dict[str, Any]) -> str:
    value, low, high = (
        "unknown" if row[key] is None or not math.isfinite(row[key]) else f"{row[key]:.3f}"
        for key in ("value", "low", "high")
    )
    return f"{value} [{low}, {high}]"


def _decibel(value: float | None, sign: str = "") -> str:
    return "unknown" if value is None else f"{value:{sign}.2f}"
