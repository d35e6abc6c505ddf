"""How much of a lesion is left at each frequency, and how much noise there is, by method and condition."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.evaluation.lesion_summary import NOISE, TRANSFER, UNDEGRADED
from pipeline.report.lesions import reader_name
from pipeline.report.naming import condition_name
from pipeline.report.style import INK, figure, method_colours

MOST_CONDITIONS, DASHES = 4, ("-", "--")
"""Columns of the figure, and contrasts in it; of more the first are drawn."""


def lesions_figure(table: pd.DataFrame | None, study: Study) -> Figure:
    """Draw a column per condition, the transfer above the noise, from ``lesions.csv``."""
    if table is None or table.empty or study.evaluate.lesion is None:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "Too few lesions found room.", ha="center", va="center")
        return drawn
    conditions = [c.name for c in study.conditions if c.name in set(table["condition"])][:MOST_CONDITIONS]
    contrasts = study.evaluate.lesion.contrasts[: len(DASHES)]
    drawn = figure(max(3.0 * len(conditions), 7.4), 5.4)
    axes = drawn.subplots(2, len(conditions), sharex=True, sharey="row", squeeze=False)
    for column, condition in enumerate(conditions):
        own = table[(table["condition"] == condition) & (table["frequency"] > 0)]
        above, below = axes[:, column]
        above.set_title(condition_name(study, condition))
        for contrast, dash in zip(contrasts, DASHES):
            _lines(above, own[(own["contrast"] == contrast) & (own["statistic"] == TRANSFER)], study, dash)
        _lines(below, own[(own["contrast"] == contrasts[0]) & (own["statistic"] == NOISE)], study, DASHES[0])
        above.axhline(1, color=INK, lw=0.8)
        above.set_ylim(-0.1, 1.6)
        below.set_yscale("log")
    axes[0, 0].set_ylabel("transfer of a lesion")
    axes[1, 0].set_ylabel("power of the noise (unit² mm²)")
    drawn.supxlabel("spatial frequency (cycles/mm)", fontsize=9, color=INK)
    handles, labels = axes[1, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=4, columnspacing=1.4)
    return drawn


def _lines(axes: Axes, part: pd.DataFrame, study: Study, dash: str) -> None:
    colours = {UNDEGRADED: INK, **method_colours(study.methods, study.network_methods)}
    for method in (m for m in colours if m in set(part["method"])):
        rows = part[part["method"] == method].sort_values("frequency")
        width = 2.2 if method in study.network_methods else 1.3
        style: dict[str, Any] = {"color": colours[method], "lw": width, "ls": dash}
        axes.plot(rows["frequency"], rows["value"], label=reader_name(method), **style)
