"""Whether intervals are honest: coverage of every level, and the probability that was given to what came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.evaluation.calibration import PIXELS
from pipeline.evaluation.interval_sums import PIT_BINS
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.report.intervals import TRUE_PSF
from pipeline.report.naming import condition_name, method_name
from pipeline.report.style import FOLDS, INK, MUTED, figure

MOST_CONDITIONS, MOST_METHODS = 4, 2
"""Columns, and pairs of rows; of more the first are drawn."""
COLOURS = dict(zip(BINS, FOLDS))
MARKERS = dict(zip(BINS, "osD^"))


def intervals_figure(table: pd.DataFrame | None, study: Study) -> Figure:
    """Draw a column per condition, and for each method two rows: reliability, and the probability transform."""
    if table is None:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No intervals were judged.", ha="center", va="center")
        return drawn
    pixels = table[(table["measure"] == PIXELS) & (table["psf"] == TRUE_PSF)]
    conditions = [c.name for c in study.conditions if c.name in set(pixels["condition"])][:MOST_CONDITIONS]
    methods = [m for m in study.interval_methods if m in set(pixels["method"])][:MOST_METHODS]
    drawn = figure(max(3.0 * len(conditions), 7.4), 4.6 * len(methods) + 0.6)
    axes = drawn.subplots(2 * len(methods), len(conditions), sharey="row", squeeze=False)
    for column, condition in enumerate(conditions):
        axes[0, column].set_title(condition_name(study, condition))
        for row, method in enumerate(methods):
            part = pixels[(pixels["condition"] == condition) & (pixels["method"] == method)]
            _reliability(axes[2 * row, column], part)
            _transform(axes[2 * row + 1, column], part)
    for row, method in enumerate(methods):
        axes[2 * row, 0].set_ylabel(f"{method_name(method)}\ncoverage − level (points)")
        axes[2 * row + 1, 0].set_ylabel(f"{method_name(method)}\ndensity (1 if honest)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=4, columnspacing=1.4)
    return drawn


def central_coverage(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels of central intervals, 0.1, 0.2, ... 0.9, and how often they hold the truth.

    Parameters
    ----------
    shares : array, shape (20,)
        Of the probability transform in as many equal parts.
    """
    widths = np.arange(1, PIT_BINS // 2)
    held = np.array([shares[PIT_BINS // 2 - k : PIT_BINS // 2 + k].sum() for k in widths])
    return 2 * widths / PIT_BINS, held


def _reliability(axes: Axes, part: pd.DataFrame) -> None:
    axes.axhline(0, color=INK, lw=1)
    axes.axhspan(-3, 3, color=MUTED, alpha=0.12, lw=0)
    for name, colour in COLOURS.items():
        rows = part[part["bin"] == name].set_index("statistic")
        if not len(rows):
            continue
        levels, held = central_coverage(rows.loc[[f"pit_{k}" for k in range(PIT_BINS)], "value"].to_numpy(float))
        axes.plot(100 * levels, 100 * (held - levels), color=colour, marker=MARKERS[name], ms=3.5, label=f"S/N {name}")
        for level in (68, 95):
            ends = rows.loc[f"coverage_{level}", ["value", "low", "high"]].to_numpy(float)
            value, low, high = 100 * ends - level
            error = np.nan_to_num([[value - low], [high - value]]).clip(0)
            axes.errorbar(
                [level], [value], yerr=error, fmt=MARKERS[name], ms=5, mfc="none", color=colour, elinewidth=1.2
            )
    axes.set_xlim(0, 100)
    axes.set_xlabel("level of the interval (%)")


def _transform(axes: Axes, part: pd.DataFrame) -> None:
    axes.axhline(1, color=INK, lw=1)
    edges = np.linspace(0, 1, PIT_BINS + 1)
    for name, colour in COLOURS.items():
        rows = part[part["bin"] == name].set_index("statistic")
        if len(rows):
            shares = rows.loc[[f"pit_{k}" for k in range(PIT_BINS)], "value"].to_numpy(float)
            axes.stairs(shares * PIT_BINS, edges, color=colour, lw=1.4)
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("probability given to a truth as low as it was")
