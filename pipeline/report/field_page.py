"""The page of the synthetic fields: how far each is from the real sky, with pieces of both, and a quiz."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import __version__
from pipeline.display import Scaling
from pipeline.image import DISPLAY
from pipeline.report.display import as_data_uri, residual_colours
from pipeline.report.field_words import EXPLAINED, PARTS, brightness_name, quantity_name
from pipeline.report.figures.field_catalogue import catalogue_figure
from pipeline.report.figures.field_chequerboard import FOUND, chequerboard_figure
from pipeline.report.figures.field_curves import AXES, covariance_figure, curves_figure
from pipeline.report.figures.field_ratios import ratios_figure
from pipeline.report.naming import interval, number
from pipeline.report.page import page_figure, render
from pipeline.report.quiz import REAL, ROWS, SIDE_BY_SIDE, Piece, pieces, quiz
from pipeline.report.style import save, styled
from pipeline.store import written_aside
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

STAMP = 32
"""Width in px of the sources that are shown beside training sources."""
RATIOS = ("frechet_scattering", "frechet_network", "inception_network")
"""Findings on features that are ratios, as those of the catalogue are."""


@dataclass(frozen=True, eq=False)
class FieldPage:
    """What the page shows.

    Parameters
    ----------
    findings, curves, nearest : DataFrame
        ``compare.csv``, ``curves.csv``, ``nearest.csv``.
    skies : dict of str to sequence of WindowedImage
        ``real``, the held-out sky, first; then each generator's field.
    training : sequence of WindowedImage
        The sky that generators learned from.
    catalogues : dict of str to DataFrame
        Under the same names, of about as many sources each.
    scaling : Scaling
    reach : dict of str to float
        By generator, px beyond which no two pixels share a latent; those that do not say are left out.
    study : str
    seed : int
    zoomed : dict of str to str
        By generator, the address of a page in which its whole field is looked about; of those that have one.
    """

    findings: pd.DataFrame
    curves: pd.DataFrame
    nearest: pd.DataFrame
    skies: dict[str, Sequence[WindowedImage]]
    training: Sequence[WindowedImage]
    catalogues: dict[str, pd.DataFrame]
    scaling: Scaling
    reach: dict[str, float]
    study: str
    seed: int
    zoomed: dict[str, str]


def write_field_page(page: FieldPage, out: Path, figures: Path) -> None:
    """Write the page, and its figures to a folder."""
    unit, brightness = page.scaling.unit, brightness_name(page.scaling.unit)
    findings = page.findings

    def name(quantity: str, band: str) -> str:
        return quantity_name(quantity, band, unit)

    reach = min(page.reach.values()) if page.reach else None
    with styled():
        ratios = findings[(findings["part"] == "catalogue") | findings["quantity"].isin(RATIOS)]
        drawn = {
            "ratios": ratios_figure(ratios, name),
            "catalogues": catalogue_figure(page.catalogues, page.scaling.bands, brightness),
        }
        known = set(page.curves["part"])
        drawn |= {part: curves_figure(page.curves, part, brightness, reach) for part in AXES if part in known}
        if "power_covariance" in known:
            drawn["power_covariance"] = covariance_figure(page.curves)
        if (findings["part"] == "chequerboard").any():
            drawn["chequerboard"] = chequerboard_figure(findings)
    for file, figure in drawn.items():
        save(figure, figures / f"{file}.svg")
    asked = quiz(page.skies, page.scaling, page.seed)
    text = render(
        "field/page.html",
        study=page.study,
        verdicts=[_verdict(findings[findings["generator"] == g]) for g in dict.fromkeys(findings["generator"])],
        display=unit == DISPLAY,
        shown_as=page.scaling.shown_as,
        rows=_side_by_side(page),
        zoomed=page.zoomed,
        figures={file: page_figure(figures / f"{file}.svg") for file in drawn},
        tables=_tables(findings, unit),
        reach=page.reach,
        beyond=_beyond(findings),
        nearest=_nearest(page),
        asked=[as_data_uri(piece.picture) for piece in asked],
        key=[piece.sky for piece in asked],
        version=__version__,
        residual_colours=residual_colours(),
    )
    with written_aside(out) as aside:
        aside.write_text(text, encoding="utf-8")


def _side_by_side(page: FieldPage) -> list[list[tuple[str, str]]]:
    """Rows of pictures, one of each sky: name and data URI."""
    columns = [
        pieces(fields, name, ROWS, SIDE_BY_SIDE, page.scaling, page.seed) for name, fields in page.skies.items()
    ]  # fmt: skip
    return [[(_sky(piece), as_data_uri(piece.picture)) for piece in row] for row in zip(*columns)]


def _nearest(page: FieldPage) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """By generator, pairs of pictures, a synthetic source and the training source most like it, with their distance."""
    half = STAMP // 2

    def picture(field: WindowedImage, y: float, x: float) -> str:
        window = Window(round(y) - half, round(x) - half, STAMP, STAMP).clipped(field.area)
        return as_data_uri(page.scaling.picture(field.part(window).pixels))

    return [
        (
            str(generator),
            [
                (
                    picture(page.skies[str(generator)][int(row["field"])], row["y"], row["x"]),
                    picture(page.training[int(row["training_field"])], row["training_y"], row["training_x"]),
                    number(row["distance"]),
                )
                for _, row in rows.iterrows()
            ],
        )
        for generator, rows in page.nearest.groupby("generator", sort=False)
    ]


def _sky(piece: Piece) -> str:
    return "real, held out" if piece.sky == REAL else piece.sky


def _verdict(rows: pd.DataFrame) -> dict[str, str]:
    """The findings on one generator in four sentences."""
    median = rows[(rows["part"] == "catalogue") & (rows["quantity"] == "median")].iloc[0]
    board = rows[(rows["part"] == "chequerboard") & (rows["p_value"] < FOUND)]
    copied = rows[rows["part"] == "memorising"]
    # Several questions are asked, of which each may be answered by chance.
    found = copied[copied["p_value"] < FOUND / max(len(copied), 1)]
    periods = ", ".join(quantity.removeprefix("period_").removesuffix("px") for quantity in board["quantity"])
    told = copied["value"].notna().any()
    traced = rows[rows["part"] == "traces"].set_index("quantity")
    return {
        "generator": str(median["generator"]),
        "ratio": number(median["value"]) if math.isfinite(median["value"]) else "",
        "interval": interval(median["low"], median["high"]),
        "perfect": f"{number(median['perfect'])} ({interval(median['perfect_low'], median['perfect_high'])})",
        "chequerboard": f"a chequerboard was found, at periods of {periods} px" if periods else "no chequerboard found",
        "copies": "copies of training sources were found"
        if len(found)
        else "no copies of training sources found" if told else "too few sources to look for copies",
        "traces": _traces(traced) if len(traced) else "too little sky to look for traces of convolutions",
    }  # fmt: skip


def _traces(rows: pd.DataFrame) -> str:
    share, low, high = (100 * rows[name]["accuracy"] for name in ("value", "low", "high"))
    training = 100 * rows["value"].get("accuracy_of_training_sky", math.nan)
    beside = "" if math.isnan(training) else f"; real sky that it learned from: {number(training, 0)}"
    return (
        f"by how pixels follow their neighbours, a classifier tells {number(share, 0)}% of patches right, real or "
        f"synthetic (95%: {interval(low, high, 0)}; by guessing: 50{beside})"
    )


def _tables(findings: pd.DataFrame, unit: str) -> list[dict[str, Any]]:
    """For each part, a row per quantity and a cell per generator."""
    generators = list(dict.fromkeys(findings["generator"]))
    tables = []
    for part, heading in PARTS.items():
        own = findings[findings["part"] == part]
        if own.empty:
            continue
        rows = []
        for (quantity, band), cells in own.groupby([own["quantity"], own["band"].fillna("")], sort=False):
            by_name = {str(row["generator"]): _cell(row) for _, row in cells.iterrows()}
            rows.append((quantity_name(str(quantity), str(band), unit), by_name))
        tables.append({"part": part, "heading": heading, "words": EXPLAINED[part], "generators": generators,
                       "rows": rows})  # fmt: skip
    return tables


def _cell(row: Any) -> dict[str, Any]:
    perfect = interval(row["perfect_low"], row["perfect_high"], _decimals(row["perfect_high"]))
    p_value = float(row["p_value"])
    return {
        "value": number(row["value"], _decimals(row["value"])),
        "interval": interval(row["low"], row["high"], _decimals(row["high"])),
        "perfect": "" if math.isnan(row["perfect"]) else f"{number(row['perfect'], _decimals(row['perfect']))}",
        "perfect_interval": perfect,
        "p_value": "" if math.isnan(p_value) else "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}",
        "found": p_value < FOUND,
        "n": int(row["n"]),
    }


def _decimals(value: Any) -> int:
    """Two, more for what is small, none for what is large."""
    size = abs(float(value))
    if not np.isfinite(size) or size == 0:
        return 2
    return int(np.clip(2 - math.floor(math.log10(size)) - (size >= 1), 0, 4))


def _beyond(findings: pd.DataFrame) -> dict[str, str]:
    """By generator, the real sky's correlation where the field can have none."""
    rows = findings[findings["quantity"] == "real_beyond_reach"]
    return {
        str(row["generator"]): f"{number(row['value'], 3)} ({interval(row['low'], row['high'], 3)})"
        for _, row in rows.iterrows()
    }
