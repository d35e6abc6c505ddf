"""What is coherent at a phase of the pixel grid, period by period."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pipeline.report.figures.field_ratios import generator_styles
from pipeline.report.style import INK, RULE, figure

FOUND = 0.01
"""P-value, of all periods together, below which a chequerboard is found."""


def chequerboard_figure(table: pd.DataFrame) -> Figure:
    """Draw the amplitude over the real sky's; filled where it is found, over the 95% range of blocks dealt anew."""
    own = table[table["part"] == "chequerboard"].copy()
    own["period"] = own["quantity"].str.extract(r"(\d+)", expand=False).astype(int)
    generators = list(dict.fromkeys(own["generator"]))
    drawn = figure(7.4, 2.8)
    axes = drawn.subplots()
    null = own.groupby("period")[["perfect_low", "perfect_high"]].agg({"perfect_low": "min", "perfect_high": "max"})
    axes.fill_between(
        null.index, null["perfect_low"], null["perfect_high"], color=RULE, lw=0, label="blocks dealt anew"
    )
    axes.axhline(0, color=INK, lw=0.8)
    for number, (name, (colour, marker)) in enumerate(generator_styles(generators).items()):
        rows = own[own["generator"] == name].sort_values("period")
        shift = 0.24 * (number - (len(generators) - 1) / 2)
        for _, row in rows.iterrows():
            face = colour if row["p_value"] < FOUND else "none"
            axes.plot(row["period"] + shift, row["value"], marker, color=colour, mfc=face, ms=5.5)
        axes.plot([], [], marker, color=colour, mfc="none", label=name)
    axes.plot([], [], "o", color=INK, label=f"filled: p < {FOUND:g}")
    axes.set_xticks(sorted(set(own["period"])))
    axes.set_xlabel("period (px)")
    axes.set_ylabel("excess over real sky\n(mean gradients)")
    drawn.legend(loc="outside upper center", ncols=4)
    return drawn
