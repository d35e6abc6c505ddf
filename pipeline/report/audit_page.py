"""The page of the audit: the two verdicts, the numbers that they rest on, and what each method may be used for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import __version__
from pipeline.audit.maps import Maps
from pipeline.audit.verdict import Judgement, Use, percent
from pipeline.config import Study
from pipeline.report.display import residual_colours
from pipeline.report.figures.audit import maps_figure, mistakes_figure, recovery_figure
from pipeline.report.naming import condition_name, listed, method_name, number
from pipeline.report.page import page_figure, render
from pipeline.report.style import save, styled
from pipeline.store import written_aside

SHARES = {"contradicted_cells", "fields_with_invention", "displaced_patches", "completeness", "warned",
          "invented_by_both", "false_lesions", "lesions_shown"}  # fmt: skip
HEADINGS = {
    "contradicted_cells": "Cells whose data contradict it",
    "fields_with_invention": "Empty fields with a source unasked for",
    "invented_per_mpx": "Such sources per megapixel",
    "invented_above_limit": "of these above the point-source limit",
    "false_lesions": "Places with a lesion that is not there",
    "displaced_patches": "Patches with detail not the scene’s",
    "chi2": "Mean χ² of the residual",
    "lag1": "Mean lag-1 correlation",
}


@dataclass(frozen=True, eq=False)
class AuditPage:
    """What the page shows.

    ``table`` has the columns of :data:`~pipeline.audit.table.COLUMNS`; ``maps`` go by condition and method; ``title``
    says what was audited, and ``remarks`` what a reader must know of how.
    """

    table: pd.DataFrame
    judgements: list[Judgement]
    uses: list[Use]
    maps: dict[tuple[str, str], Maps]
    study: Study
    title: str
    remarks: tuple[str, ...] = ()


def write_audit_page(page: AuditPage, out: Path) -> None:
    """Write ``report.html`` and ``figures/`` to a folder."""

    def name(condition: str) -> str:
        return condition_name(page.study, condition)

    conditions = list(dict.fromkeys(page.table["condition"]))
    shown = {}
    with styled():
        if (page.table["part"] == "injection").any():
            shown["recovery"] = recovery_figure(page.table, name)
        of_psf = page.table["measure"].eq("psnr_change") & page.table["case"].str.startswith("PSF")
        if (of_psf & page.table["value"].notna()).any():
            shown["mistakes"] = mistakes_figure(page.table, name)
        for condition in conditions:
            of_condition = {m: maps for (c, m), maps in page.maps.items() if c == condition}
            if of_condition:
                shown[f"maps_{condition}"] = maps_figure(of_condition)
    for file, drawn in shown.items():
        save(drawn, out / "figures" / f"{file}.svg")
    text = render(
        "audit/page.html",
        title=page.title,
        remarks=page.remarks,
        headline=_headline(page.judgements),
        judgements=[(name(j.condition), method_name(j.method), j) for j in page.judgements],
        uses=[(method_name(use.method), use) for use in page.uses],
        settings=page.study.audit,
        tables=[(name(c), _verdict_table(page.table, c)) for c in conditions],
        measures={measure: words for measure, words in HEADINGS.items() if (page.table["measure"] == measure).any()},
        on_sky=(page.table["part"] == "empty_sky").any(),
        lesions=_lesions(page.table, name),
        unlike=_unlike(page.table, name),
        halves=_halves(page.table, name),
        mistaken=_mistaken(page.table, name),
        figures={file: page_figure(out / "figures" / f"{file}.svg") for file in shown},
        maps=[(f"maps_{c}", name(c)) for c in conditions if f"maps_{c}" in shown],
        version=__version__,
        residual_colours=residual_colours(),
    )
    with written_aside(out / "report.html") as aside:
        aside.write_text(text, encoding="utf-8")


def _headline(judgements: list[Judgement]) -> str:
    methods = list(dict.fromkeys(j.method for j in judgements))
    invented, against = ([m for m in methods if any(j.method == m and getattr(j, what) for j in judgements)]
                         for what in ("invented", "inconsistent"))  # fmt: skip
    words = [
        f"{listed([method_name(m) for m in some])} {'was' if len(some) == 1 else 'were'} found {what}"
        for some, what in ((invented, "to invent"), (against, "inconsistent with the data"))
        if some
    ]
    none = [m for m in methods if m not in {*invented, *against}]
    if none:
        words.append(f"nothing was found against {listed([method_name(m) for m in none])}")
    text = "; ".join(words)
    return f"{text[:1].upper()}{text[1:]}."


def shown_value(row: Any, column: str = "value") -> str:
    """A number of a finding as text: shares in percent."""
    value = float(row[column])
    if value != value:
        return "–"
    return percent(value) if row["measure"] in SHARES else number(value, 2 if abs(value) >= 0.1 or value == 0 else 3)


def _cell(row: Any) -> dict[str, Any]:
    span = f"{shown_value(row, 'low')} to {shown_value(row, 'high')}" if row["low"] == row["low"] else ""
    null = "" if row["null"] != row["null"] else f"{shown_value(row, 'null')}, at most {shown_value(row, 'null_high')}"
    return {"text": shown_value(row), "interval": span, "null": null, "against": bool(row["against"]), "n": row["n"]}


def _verdict_table(table: pd.DataFrame, condition: str) -> list[tuple[str, dict[str, dict[str, Any]]]]:
    """For each method the cells of the measures that have one value."""
    part = table[
        (table["condition"] == condition) & table["part"].isin(["consistency", "empty_sky", "lesions", "detail"])
    ]
    return [
        (method_name(str(method)), {row["measure"]: _cell(row) for _, row in rows.iterrows()})
        for method, rows in part.groupby("method", sort=False)
    ]


def _grid(table: pd.DataFrame, part: str, measure: str, name: Any) -> dict[str, Any]:
    """Cells of a measure by method under a condition, and case."""
    rows = table[(table["part"] == part) & (table["measure"] == measure)]
    cases = list(dict.fromkeys(rows["case"]))
    lines = [
        (name(condition), method_name(str(method)), [_cell(row) for _, row in of_one.iterrows()])
        for (condition, method), of_one in rows.groupby(["condition", "method"], sort=False)
    ]
    return {"cases": cases, "rows": lines}


def _unlike(table: pd.DataFrame, name: Any) -> dict[str, Any]:
    grids = {measure: _grid(table, "unlike", measure, name) for measure in
             ("warned", "contradicted_cells", "interval_widens")}  # fmt: skip
    return {measure: grid for measure, grid in grids.items() if grid["rows"]}


def _mistaken(table: pd.DataFrame, name: Any) -> dict[str, Any]:
    grids = {measure: _grid(table, "wrong_instrument", measure, name) for measure in
             ("psnr_change", "contradicted_cells", "fields_with_invention")}  # fmt: skip
    return {measure: grid for measure, grid in grids.items() if grid["rows"]}


def _lesions(table: pd.DataFrame, name: Any) -> dict[str, dict[str, Any]]:
    grids = {measure: _grid(table, "lesions", measure, name) for measure in ("lesions_shown", "contrast_bias")}
    return {measure: grid for measure, grid in grids.items() if grid["rows"]}


def _halves(table: pd.DataFrame, name: Any) -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    part = table[table["part"] == "halves"]
    return [
        (name(condition), method_name(str(method)), {row["measure"]: _cell(row) for _, row in rows.iterrows()})
        for (condition, method), rows in part.groupby(["condition", "method"], sort=False)
    ]
