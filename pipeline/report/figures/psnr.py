"""PSNR of every held-out item, by method and condition, coloured by fold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.config import Study
from pipeline.report.naming import condition_name, method_name
from pipeline.report.style import INK, MUTED, figure, fold_colours

MOST_POINTS = 6000
"""Items drawn as points in the whole figure; of more, those evenly spaced in rank. The boxes hold all."""


def psnr_figure(metrics: pd.DataFrame, study: Study, ceiling: float) -> Figure:
    """Draw a panel per condition, a box per method, a point per item.

    Parameters
    ----------
    metrics : DataFrame
        ``metrics.csv``.
    study : Study
    ceiling : float
        PSNR in dB that the truth's own noise allows; drawn where it is near.
    """
    scores = metrics[
        (metrics.metric == "psnr") & (metrics.space == study.evaluate.spaces[0]) & np.isfinite(metrics.value)
    ]
    conditions = [c.name for c in study.conditions]
    methods = [m for m in study.all_methods if m in set(scores.method)]
    columns = min(len(conditions), 2 if len(conditions) <= 4 else 4)
    rows = math.ceil(len(conditions) / columns)
    drawn = figure(4.5 * columns if columns < 3 else 12, rows * (0.34 * len(methods) + 0.75) + 0.55)
    axes = drawn.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    colours = fold_colours(sorted(scores.fold.unique()))
    most = max(MOST_POINTS // max(len(conditions) * len(methods) * len(colours), 1), 3)
    for panel, condition in zip(axes, conditions):
        _panel(panel, scores[scores.condition == condition], methods, colours, most)
        networks = sum(m in study.network_methods for m in methods)
        if 0 < networks < len(methods):
            panel.axhline(len(methods) - networks - 0.5, color=MUTED, lw=0.7)
        panel.set_title(condition_name(study, condition))
    for panel in axes[len(conditions) :]:
        panel.set_axis_off()
    _draw_ceiling(list(axes[: len(conditions)]), scores.value, ceiling)
    drawn.supxlabel("PSNR of a held-out item (dB); higher is better", fontsize=9, color=INK)
    handles = [Line2D([], [], marker="o", ls="", ms=5, color=c, label=f"fold {fold}") for fold, c in colours.items()]
    drawn.legend(handles=handles, loc="outside upper right", ncols=10, columnspacing=1.2, handletextpad=0.2)
    return drawn


def _panel(panel: Axes, scores: pd.DataFrame, methods: list[str], colours: dict[int, str], most: int) -> None:
    values = [scores.value[scores.method == method].to_numpy() for method in methods]
    line = {"color": MUTED, "linewidth": 1}
    panel.boxplot(
        values, positions=range(len(methods)), orientation="horizontal", widths=0.62, showfliers=False, whis=(5, 95),
        boxprops=line, whiskerprops=line, capprops=line, medianprops={"color": INK, "linewidth": 2}, zorder=3,
    )  # fmt: skip
    for row, method in enumerate(methods):
        for place, (fold, colour) in enumerate(colours.items()):
            points = np.sort(scores.value[(scores.method == method) & (scores.fold == fold)].to_numpy())
            points = points[:: max(math.ceil(len(points) / most), 1)]
            # Folds stand in their own lanes within the box, so that a fold that differs is seen.
            lane = row + 0.44 * ((place + 0.5) / len(colours) - 0.5)
            panel.plot(points, np.full(len(points), lane), "o", ms=3.2, mew=0, color=colour, alpha=0.75, zorder=2)
    panel.set_yticks(range(len(methods)), [method_name(m) for m in methods])
    panel.set_ylim(len(methods) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", visible=False)


def _draw_ceiling(panels: list[Axes], values: pd.Series, ceiling: float) -> None:
    if not math.isfinite(ceiling) or values.empty or not values.min() - 1 < ceiling < values.max() + 6:
        return
    for panel in panels:
        panel.axvline(ceiling, color=INK, ls=(0, (4, 3)), lw=1)
        panel.annotate(
            "ceiling ", (ceiling, 0), xycoords=("data", "axes fraction"), xytext=(-1, 3), textcoords="offset points",
            rotation=90, ha="right", va="bottom", fontsize=8, color=INK,
        )  # fmt: skip
