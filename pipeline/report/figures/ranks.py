"""Critical-difference diagram: mean ranks of the methods, with bars over those that cannot be told apart."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.evaluation.comparisons import EVERY, members
from pipeline.report.naming import condition_name, method_name
from pipeline.report.ranking import of_psnr
from pipeline.report.style import INK, MUTED, figure, method_colours

MOST_CONDITIONS = 4
"""Conditions that have a panel of their own; where there are more, only all of them together are drawn."""


def ranks_figure(ranking: pd.DataFrame, study: Study) -> Figure:
    """Draw a panel for all conditions together and one per condition, from ``ranking.csv`` (after Demsar 2006)."""
    table = of_psnr(ranking, study)
    parts = {str(name): part for name, part in table.groupby("condition", sort=False)}
    names = [c.name for c in study.conditions if c.name in parts]
    panels = [*([EVERY] if EVERY in parts else []), *(names if len(names) <= MOST_CONDITIONS else [])]
    if not panels:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No two methods were compared.", ha="center", va="center")
        return drawn
    columns = min(len(panels), 2)
    rows = math.ceil(len(panels) / columns)
    depth = max(_depth(parts[name]) for name in panels)
    drawn = figure(6.0 * columns + 1.4 * (columns == 1), rows * (0.27 * depth + 0.65))
    axes = drawn.subplots(rows, columns, squeeze=False).ravel()
    for panel in axes:
        panel.set_axis_off()
    for panel, name in zip(axes, panels):
        _panel(panel, parts[name], study, depth)
        panel.set_title("All conditions together" if name == EVERY else condition_name(study, name), pad=20)
    drawn.supxlabel("mean rank of PSNR over groups; 1, at the left, is best", fontsize=9, color=INK)
    return drawn


def _bars(part: pd.DataFrame) -> list[list[str]]:
    return [one for one in members(part) if len(one) > 1]


def _depth(part: pd.DataFrame) -> float:
    """Height of a panel in lines: the bars, and half of the methods on either side."""
    return 0.6 * len(_bars(part)) + math.ceil(len(part) / 2) + 0.8


def _panel(axes: Axes, part: pd.DataFrame, study: Study, depth: float) -> None:
    part = part.sort_values("mean_rank", kind="stable")
    ranks = dict(zip(part["method"], part["mean_rank"]))
    count, bars = len(ranks), _bars(part)
    axes.set_xlim(1 - 0.02 * count, count + 0.02 * count)
    axes.set_ylim(-depth, 0.3)
    axes.plot([1, count], [0, 0], color=INK, lw=1)
    for tick in range(1, count + 1):
        axes.plot([tick, tick], [0, 0.16], color=INK, lw=1)
        axes.annotate(str(tick), (tick, 0.2), ha="center", va="bottom", fontsize=8, annotation_clip=False)
    for place, one in enumerate(bars):
        height = -0.45 - 0.6 * place
        at = [ranks[method] for method in one]
        axes.plot([min(at), max(at)], [height, height], color=INK, lw=3.2, solid_capstyle="round")
        # A method under the bar that is told apart from some under it has no dot.
        axes.plot(at, np.full(len(at), height), "o", ms=5, color=INK)
    left = math.ceil(count / 2)
    names = list(ranks)
    for place, method in enumerate(names):
        first = place < left
        line = place if first else count - 1 - place
        _stem(axes, method, ranks[method], -0.6 * len(bars) - 0.8 - line, 1 if first else count, study)


def _stem(axes: Axes, method: str, rank: float, height: float, end: float, study: Study) -> None:
    """From the rank on the axis down and aside to the method's name."""
    colour, trained = method_colours(study.methods, study.network_methods)[method], method in study.network_methods
    axes.plot([rank, rank, end], [0, height, height], color=MUTED, lw=0.8, zorder=1)
    axes.plot([rank], [0], "D" if trained else "o", ms=5, color=colour, zorder=4)
    left = end == 1
    axes.annotate(
        f"{method_name(method)}  {rank:.2f}" if left else f"{rank:.2f}  {method_name(method)}", (end, height),
        xytext=(-5 if left else 5, 0), textcoords="offset points", ha="right" if left else "left", va="center",
        fontsize=8.5, fontweight="bold" if trained else "normal", annotation_clip=False,
    )  # fmt: skip
