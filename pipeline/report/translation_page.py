"""The page of a translation into another domain: how far it can be believed, and slices to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import __version__
from pipeline.config import HISTOGRAM_MATCHING, Study
from pipeline.display import Picture
from pipeline.image import unit_in_words
from pipeline.report.display import as_data_uri, residual_colours
from pipeline.report.naming import interval, listed, number
from pipeline.report.page import render
from pipeline.store import written_aside

COLUMNS = {
    "mae_over_histogram_matching": ("Error over histogram matching’s", "1 is as large ↓", 2),
    "mae": ("Mean absolute error", "↓", 2),
    "psnr": ("PSNR", "dB ↑", 2),
    "ssim": ("SSIM", "↑", 3),
    "erased": ("Lesions erased", "share ↓", 2),
    "invented": ("Spots invented", "per slice ↓", 2),
    "cycle_error": ("Error after there and back", "in the source’s unit", 2),
    "distance": ("Distance of all values", "from real ones ↓", 2),
}
"""Metrics by the order of the table: heading, words beneath, decimals."""
Scores = dict[tuple[str, str], dict[str, Any]]
"""Rows of ``scores.csv`` by method and metric."""


@dataclass(frozen=True)
class TranslationPage:
    """What the page shows.

    Parameters
    ----------
    scores : DataFrame
        ``scores.csv``.
    rows : list of list of (str, Picture)
        Slices side by side, with what each picture is.
    unit : str
        Of the other domain.
    learned : tuple of int
        Slices that are learned from in either domain.
    judged : int
        Slices that are judged, ...
    lesions : int
        ... and lesions in them that are counted.
    """

    scores: pd.DataFrame
    rows: list[list[tuple[str, Picture]]]
    unit: str
    learned: tuple[int, int]
    judged: int
    lesions: int


def write_translation_page(page: TranslationPage, study: Study, out: Path) -> None:
    """Write the page."""
    scores: Scores = {(row["method"], row["metric"]): dict(row) for _, row in page.scores.iterrows()}
    known = {name: words for name, words in COLUMNS.items() if name in set(page.scores["metric"])}
    methods = [name for name in study.translation_methods if name in set(page.scores["method"])]
    table = [(_named(name), [_cell(scores, name, metric, words[2]) for metric, words in known.items()])
             for name in methods]  # fmt: skip
    text = render(
        "translation/page.html",
        study=study.study,
        headline=_headline(scores, methods),
        columns=[words[:2] for words in known.values()],
        table=table,
        truth="mae" in known,
        lesions=page.lesions,
        rows=[[(name, as_data_uri(picture)) for name, picture in row] for row in page.rows],
        unit=unit_in_words(page.unit),
        learned=page.learned,
        judged=page.judged,
        networks={_named(name): network for name, network in study.translators.items()},
        version=__version__,
        residual_colours=residual_colours(),
    )
    with written_aside(out) as aside:
        aside.write_text(text, encoding="utf-8")


def _named(method: str) -> str:
    return "Histogram matching" if method == HISTOGRAM_MATCHING else method


def _cell(scores: Scores, method: str, metric: str, decimals: int) -> tuple[str, str]:
    if (method, metric) not in scores:
        return "–", ""
    row = scores[method, metric]
    return number(row["value"], decimals), interval(row["low"], row["high"], decimals)


def _headline(scores: Scores, methods: list[str]) -> str:
    """The findings on all networks in a sentence."""
    metric = "mae_over_histogram_matching" if (HISTOGRAM_MATCHING, "mae") in scores else "distance"
    of = {name: number(scores[name, metric]["value"]) for name in methods if name != HISTOGRAM_MATCHING}
    found = listed([f"{value} by {name}" for name, value in of.items()])
    if metric == "distance":
        return f"Nobody knows what these slices should have become. Translated values are {found} from real ones."
    ill = [f"{100 * scores[name, 'erased']['value']:.0f}% by {name}" for name in of if (name, "erased") in scores]
    lost = f" Of the lesions, {listed(ill)} were erased." if ill else ""
    return f"The mean absolute error is {found}, over that of histogram matching.{lost}"
