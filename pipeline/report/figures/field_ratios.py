"""Distances of synthetic fields from the real sky as ratios, beside what a perfect generator would get."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.report.style import INK, MUTED, NETWORK, RULE, figure

MARKERS = ("o", "D", "s", "^", "v")
"""By generator: tell them apart in print as well."""


def generator_styles(generators: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each generator."""
    return {name: (NETWORK[i % len(NETWORK)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(generators)}


def ratios_figure(table: pd.DataFrame, name: Callable[[str, str], str]) -> Figure:
    """Draw a row per quantity: each generator with its 95% interval, over the range of perfect ones.

    Parameters
    ----------
    table : DataFrame
        Rows of ``compare.csv`` that are ratios.
    name : callable
        Words for a quantity and a band.
    """
    shown = table[np.isfinite(table["value"])]
    generators = list(dict.fromkeys(table["generator"]))
    rows = list(dict.fromkeys(zip(shown["quantity"], shown["band"].fillna(""))))
    if not rows:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No field has sources enough to be compared.", ha="center", va="center")
        return drawn
    drawn = figure(7.4, 0.34 * len(rows) + 1.3)
    axes = drawn.subplots()
    styles = generator_styles(generators)
    for place, (quantity, band) in enumerate(rows):
        own = shown[(shown["quantity"] == quantity) & (shown["band"].fillna("") == band)]
        axes.fill_betweenx(
            [place - 0.38, place + 0.38], own["perfect_low"].min(), own["perfect_high"].max(), color=RULE, lw=0,
            label="a perfect generator, 95%" if place == 0 else None,
        )  # fmt: skip
        axes.vlines(own["perfect"].median(), place - 0.38, place + 0.38, color=MUTED, lw=1.2)
        for number, (_, row) in enumerate(own.iterrows()):
            colour, marker = styles[str(row["generator"])]
            at = place + 0.5 * ((number + 0.5) / len(own) - 0.5)
            axes.plot([row["low"], row["high"]], [at, at], color=colour, lw=1.4)
            axes.plot(row["value"], at, marker, color=colour, ms=5, label=row["generator"] if place == 0 else None)
    axes.set_yticks(range(len(rows)), [name(*row) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xscale("log")
    ticks = [
        t for t in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128) if 0.3 * shown["value"].min() < t < 3 * shown["high"].max()
    ]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    axes.axvline(1, color=INK, lw=0.8, zorder=0)
    axes.set_xlabel("distance (real, synthetic) over distance (real, real)")
    axes.grid(axis="y", visible=False)
    drawn.legend(loc="outside upper center", ncols=4)
    return drawn
