"""PSNR of every fold by method, as boxes, and the items that lie far outside of them by number."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.config import Study
from pipeline.evaluation.outliers import WHISKER, first_psnr
from pipeline.report.naming import condition_name, method_name
from pipeline.report.outliers import NamedOutlier, drawn_conditions
from pipeline.report.style import INK, MUTED, figure, fold_colours


def folds_figure(metrics: pd.DataFrame, named: list[NamedOutlier], study: Study) -> Figure:
    """Draw a panel per condition, a box per method and fold, from ``metrics.csv``; a key names the numbers."""
    scores = first_psnr(metrics)
    conditions = [c for c in drawn_conditions(study) if c in set(scores["condition"])]
    if not conditions:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No item was scored.", ha="center", va="center")
        return drawn
    methods = [m for m in study.all_methods if m in set(scores["method"])]
    colours = fold_colours(sorted(scores["fold"].unique()))
    drawn = figure(12, 2.3 * len(conditions) + 0.6 + 0.2 * -(-len(named) // 3))
    axes = drawn.subplots(len(conditions), 1, sharex=True, squeeze=False).ravel()
    for panel, condition in zip(axes, conditions):
        here = [one for one in named if one.condition == condition]
        _panel(panel, scores[scores["condition"] == condition], methods, colours, here)
        panel.set_title(condition_name(study, condition))
        panel.set_ylabel("PSNR (dB)")
    width = 16 if len(methods) > 6 else 22
    centres = [_place(n, (len(colours) - 1) / 2, len(colours)) for n in range(len(methods))]
    axes[-1].set_xticks(centres, [textwrap.fill(method_name(m), width, break_long_words=False) for m in methods])
    axes[-1].tick_params(axis="x", length=0)
    handles = [Line2D([], [], marker="s", ls="", ms=6, color=c, label=f"fold {fold}") for fold, c in colours.items()]
    drawn.legend(handles=handles, loc="outside upper right", ncols=10, columnspacing=1.2, handletextpad=0.2)
    if named:
        key = [
            Line2D(
                [], [], marker=f"${n.number}$", ls="", ms=7, mew=0, color=INK,
                label=f"{n.found.item}, fold {n.found.fold}",
            )
            for n in named
        ]  # fmt: skip
        drawn.legend(handles=key, loc="outside lower left", ncols=3, columnspacing=2, handletextpad=0.4)
    return drawn


def _place(method: int, fold: float, folds: int) -> float:
    """Where a box stands: those of one method side by side, and a gap of one box and a half before the next."""
    return method * (folds + 1.5) + fold


def _panel(
    axes: Axes, scores: pd.DataFrame, methods: list[str], colours: dict[Any, str], named: list[NamedOutlier]
) -> None:
    numbers = {(one.found.item, one.found.low, m): one.number for one in named for m in one.found.methods}
    for lane, (fold, colour) in enumerate(colours.items()):
        of_fold = {m: part for m, part in scores[scores["fold"] == fold].groupby("method", sort=False) if m in methods}
        places = {m: _place(methods.index(str(m)), lane, len(colours)) for m in of_fold}
        values = {m: part["value"].to_numpy(np.float64) for m, part in of_fold.items()}
        line = {"color": colour, "linewidth": 1.1}
        drawn = axes.boxplot(
            list(values.values()), positions=list(places.values()), widths=0.72, whis=WHISKER,
            boxprops=line, whiskerprops=line, capprops=line, medianprops={"color": INK, "linewidth": 1.6},
            flierprops={"marker": "o", "markersize": 3, "markerfacecolor": colour, "markeredgewidth": 0},
            manage_ticks=False,
        )  # fmt: skip
        for method, fliers in zip(of_fold, drawn["fliers"]):
            median, beyond = np.median(values[method]), set(fliers.get_ydata())
            for item, value in zip(of_fold[method]["item"].astype(str), values[method]):
                found = numbers.get((item, bool(value < median), str(method)))
                if value in beyond and found:
                    _number(axes, found, places[method], value)
    for method in range(1, len(methods)):
        axes.axvline(_place(method, -1.25, len(colours)), color=MUTED, lw=0.4)
    axes.set_xlim(-1.25, _place(len(methods) - 1, len(colours) + 0.25, len(colours)))
    axes.grid(axis="x", visible=False)


def _number(axes: Axes, number: int, place: float, value: float) -> None:
    axes.annotate(str(number), (place, value), xytext=(3.5, 0), textcoords="offset points", va="center", fontsize=7.5)
