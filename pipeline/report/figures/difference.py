"""How far every method stands from the best classical one: paired PSNR differences with their 95% intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.report.naming import condition_name, method_name
from pipeline.report.style import INK, MUTED, figure, method_colours


def difference_figure(summary: pd.DataFrame, study: Study) -> Figure:
    """Draw a row per condition and a mark with its interval per method, from ``summary.csv``."""
    scores = summary[
        (summary.metric == "psnr") & (summary.space == study.evaluate.spaces[0]) & summary.difference.notna()
    ]
    scores = scores[(scores.method != scores.reference) & (scores.method != "degraded")]
    methods = [m for m in study.all_methods if m in set(scores.method)]
    conditions = [c.name for c in study.conditions]
    colours = method_colours(study.methods, study.network_methods)
    drawn = figure(7.4, 0.9 + len(conditions) * (0.14 * len(methods) + 0.22))
    axes = drawn.subplots()
    for place, method in enumerate(methods):
        rows = scores[scores.method == method].set_index("condition")
        rows = rows.loc[[c for c in conditions if c in rows.index]]
        heights = [conditions.index(c) + 0.72 * ((place + 0.5) / len(methods) - 0.5) for c in rows.index]
        spread = [
            (rows.difference - rows.difference_low).clip(lower=0),
            (rows.difference_high - rows.difference).clip(lower=0),
        ]
        trained = method in study.network_methods
        axes.errorbar(
            rows.difference, heights, xerr=spread, fmt="D" if trained else "o",
            ms=5.5 if trained else 4.5, elinewidth=1.6, color=colours[method], label=method_name(method),
        )  # fmt: skip
    axes.axvline(0, color=INK, lw=1)
    axes.set_yticks(range(len(conditions)), [condition_name(study, c) for c in conditions])
    axes.set_ylim(len(conditions) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    for boundary in range(1, len(conditions)):
        axes.axhline(boundary - 0.5, color=MUTED, lw=0.4)
    axes.set_xlabel("PSNR minus that of the best classical method (dB); right of zero is better")
    if methods:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), handletextpad=0.4, labelspacing=0.6)
    return drawn
