"""Curves of real and synthetic sky in one panel, and their scatter from block to block."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from pipeline.report.figures.field_ratios import generator_styles
from pipeline.report.style import INK, MUTED, figure

DASHES = ((0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.5, 1.5)), (0, (9, 2)), "-")


class Axis(NamedTuple):
    """How the curves of a part are drawn."""

    x: str
    y: str
    x_scale: str = "linear"
    y_scale: str = "linear"
    flipped: bool = False


AXES = {
    "number_counts": Axis("", "sources per mag and megapixel", y_scale="log", flipped=True),
    "pixel_histogram": Axis("value, arsinh of (x − sky) / 3σ", "density", y_scale="log"),
    "power_spectrum": Axis("spatial frequency (cycles/px)", "log10 power", x_scale="log"),
    "counts_in_cells": Axis("width of a cell (px)", "variance over mean", x_scale="log"),
    "angular_correlation": Axis("separation (px)", "excess of pairs, w", x_scale="log"),
}


def curves_figure(curves: pd.DataFrame, part: str, brightness: str, reach: float | None = None) -> Figure:
    """Draw a panel per band: the real sky in black with its 95% band, each generator with bars.

    Parameters
    ----------
    curves : DataFrame
        Rows of ``curves.csv``.
    part : str
    brightness : str
        What the x axis of number counts is called.
    reach : float, optional
        Px beyond which no two pixels share a latent, marked in the angular correlation.
    """
    own, axis = curves[curves["part"] == part], AXES[part]
    bands = list(dict.fromkeys(own["band"].fillna("")))
    drawn = figure(max(2.6 * len(bands), 5.4), 3.1)
    panels = drawn.subplots(1, len(bands), squeeze=False, sharey=True)[0]
    for panel, band in zip(panels, bands):
        _draw(panel, own[own["band"].fillna("") == band], axis)
        panel.set_title(band)
        panel.set_xlabel(axis.x or brightness)
        if part == "angular_correlation" and reach is not None:
            panel.axvspan(reach, panel.get_xlim()[1], color=MUTED, alpha=0.15, lw=0, label="no shared latent")
    panels[0].set_ylabel(axis.y)
    drawn.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4 if len(bands) > 1 else 3)
    return drawn


def _draw(panel: Axes, curves: pd.DataFrame, axis: Axis) -> None:
    generators = list(dict.fromkeys(curves["generator"]))
    styles = generator_styles(generators)
    real = curves[curves["generator"] == generators[0]].sort_values("x")
    floor = 0.3 * real["real"][real["real"] > 0].min() if axis.y_scale == "log" else -np.inf
    panel.fill_between(
        real["x"], np.maximum(real["real_low"], floor), real["real_high"], color=INK, alpha=0.2, lw=0
    )  # fmt: skip
    panel.plot(real["x"], np.maximum(real["real"], floor), color=INK, lw=1.8, label="real, held out")
    for number, name in enumerate(generators):
        made = curves[curves["generator"] == name].sort_values("x")
        colour, marker = styles[name]
        bars = [np.abs(made["synthetic"] - made[end]) for end in ("synthetic_low", "synthetic_high")]
        style: dict[str, Any] = {"color": colour, "marker": marker, "ms": 3.2, "lw": 1.1, "elinewidth": 0.9}
        values = np.maximum(made["synthetic"], floor)
        panel.errorbar(made["x"], values, bars, ls=DASHES[number % len(DASHES)], label=name, **style)
    panel.set_xscale(axis.x_scale)
    panel.set_yscale(axis.y_scale)
    if axis.x_scale == "log":
        _plain_ticks(panel.xaxis)
    if axis.y_scale == "log":
        panel.set_ylim(bottom=floor)
        _plain_ticks(panel.yaxis)
    if axis.flipped:
        panel.invert_xaxis()


def _plain_ticks(axis: Any) -> None:
    """Numbers at 1, 2 and 5 of each decade, without powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def covariance_figure(curves: pd.DataFrame) -> Figure:
    """Draw how rings of the power spectrum scatter together, real and synthetic, in the first band."""
    own = curves[curves["part"] == "power_covariance"]
    own = own[own["band"] == own["band"].iloc[0]]
    generators = list(dict.fromkeys(own["generator"]))
    drawn = figure(2.6 * (1 + len(generators)) + 0.6, 2.9)
    panels = drawn.subplots(1, 1 + len(generators), squeeze=False)[0]
    sides = [("real, held out", own[own["generator"] == generators[0]], "real")]
    sides += [(name, own[own["generator"] == name], "synthetic") for name in generators]
    for panel, (title, rows, column) in zip(panels, sides):
        matrix = rows.assign(y=rows["quantity"].astype(float)).pivot(index="y", columns="x", values=column)
        shown = panel.imshow(matrix, cmap="PuOr_r", vmin=-1, vmax=1, origin="lower")
        panel.set_title(title)
        labels = [f"{frequency:.2f}" for frequency in matrix.columns]
        panel.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
        panel.set_yticks(range(len(labels)), labels, fontsize=7)
        panel.grid(visible=False)
    panels[0].set_ylabel("cycles/px")
    drawn.colorbar(shown, ax=panels, shrink=0.8, label="correlation")
    return drawn
