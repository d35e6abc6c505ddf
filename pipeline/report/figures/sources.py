"""Bias and scatter of flux and size against the signal-to-noise of the observation, by method and condition."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.evaluation.source_measures import SHEAR, source_measure
from pipeline.report.naming import condition_name, method_name
from pipeline.report.sources import light_shown
from pipeline.report.style import INK, MUTED, figure, method_colours

MOST_CONDITIONS = 4
"""Columns of the figure; of more conditions the first are drawn."""
LINEAR_WITHIN = 0.1
"""The axis of a bias is linear up to a tenth, and logarithmic beyond."""


def sources_figure(table: pd.DataFrame | None, study: Study) -> Figure:
    """Draw a column per condition and a row per quantity, from ``sources.csv``; None where there are no sources."""
    if table is None:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No source was found.", ha="center", va="center")
        return drawn
    light = light_shown(table)
    quantities = [
        (light, "bias"), (light, "scatter"), ("half_light_radius", "bias"), ("half_light_radius", "scatter"),
        (SHEAR, "error"),
    ]  # fmt: skip
    conditions = [c.name for c in study.conditions if c.name in set(table["condition"])][:MOST_CONDITIONS]
    drawn = figure(max(3.0 * len(conditions), 7.4), 1.75 * len(quantities) + 0.8)
    axes = drawn.subplots(len(quantities), len(conditions), sharex=True, sharey="row", squeeze=False)
    methods = [m for m in study.all_methods if m in set(table["method"])]
    for column, condition in enumerate(conditions):
        axes[0, column].set_title(condition_name(study, condition))
        for row, (name, statistic) in enumerate(quantities):
            part = table[
                (table["condition"] == condition) & (table["measure"] == name) & (table["statistic"] == statistic)
            ]
            _panel(axes[row, column], part, methods, study, statistic)
    for row, (name, statistic) in enumerate(quantities):
        label = source_measure(name).label if name else ""
        axes[row, 0].set_ylabel(f"{label}\n{'|dg|' if name == SHEAR else statistic}")
    drawn.supxlabel("signal-to-noise of the source in the observation", fontsize=9, color=INK)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=5, columnspacing=1.4)
    return drawn


def _panel(axes: Axes, part: pd.DataFrame, methods: list[str], study: Study, statistic: str) -> None:
    colours, names = method_colours(study.methods, study.network_methods), list(BINS)
    for place, method in enumerate(methods):
        rows = part[part["method"] == method].set_index("bin").reindex(names)
        value, low, high = (rows[name].to_numpy(float) for name in ("value", "low", "high"))
        trained = method in study.network_methods
        axes.errorbar(
            np.arange(len(names)) + 0.7 * ((place + 0.5) / len(methods) - 0.5), value,
            yerr=np.nan_to_num([value - low, high - value]).clip(0), fmt="D" if trained else "o", ls="",
            ms=4.5 if trained else 3.5, elinewidth=1.2, color=colours[method], label=method_name(method),
        )  # fmt: skip
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="x", visible=False)
    for boundary in range(1, len(names)):
        axes.axvline(boundary - 0.5, color=MUTED, lw=0.4)
    if statistic == "bias":
        axes.axhline(0, color=INK, lw=1)
        axes.set_yscale("symlog", linthresh=LINEAR_WITHIN)
    else:
        axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
