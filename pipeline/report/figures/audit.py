"""Figures of the audit: where data contradict an image, what is given back of known light, what mistakes cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.audit.maps import Maps
from pipeline.audit.sown import GALAXY, POINT
from pipeline.config import CLASSICAL_METHODS
from pipeline.report.naming import method_name
from pipeline.report.style import INK, MUTED, figure, method_colours

LONGEST = 160
"""Pixels of an item that are shown, at most, along each axis."""
CELL_MAPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("chi2", "χ² of the residual", {"cmap": "PuOr_r", "vmin": 0, "vmax": 2}),
    ("lag1", "its lag-1 correlation", {"cmap": "PuOr_r", "vmin": -0.4, "vmax": 0.4}),
    ("detail", "agreement with the scene", {"cmap": "cividis", "vmin": 0, "vmax": 1}),
)

Name = Callable[[str], str]


def colours_of(methods: Sequence[str]) -> dict[str, str]:
    """A colour per method, whether a study has it or a file alone."""
    return method_colours(
        [m for m in methods if m in CLASSICAL_METHODS], [m for m in methods if m not in CLASSICAL_METHODS]
    )


def maps_figure(maps: dict[str, Maps]) -> Figure:
    """Draw a row per method: what was observed, what was made of it, and the maps of the audit."""
    first = next(iter(maps.values()))
    height, width = (min(length, LONGEST) for length in first.observed.shape)
    shape = 1.75 * height / width
    drawn = figure(10, (shape + 0.12) * len(maps) + 0.9)
    axes = drawn.subplots(len(maps), 2 + len(CELL_MAPS), squeeze=False)
    low, high = np.percentile(first.observed, (1, 99.7))
    for place, (method, of_one) in enumerate(maps.items()):
        row = axes[place]
        for panel, image in zip(row, (of_one.observed, of_one.restored)):
            panel.imshow(image[:height, :width], cmap="gray", vmin=low, vmax=high, origin="lower")
        for column, (name, _, style) in enumerate(CELL_MAPS, 2):
            values = _cut(getattr(of_one, name), of_one.observed.shape, (height, width))
            shown = row[column].imshow(values, origin="lower", aspect=_aspect(values, height / width), **style)
            row[column].set_facecolor("#d8d8d8")
            if place == len(maps) - 1:
                drawn.colorbar(shown, ax=axes[:, column], location="bottom", shrink=0.8, pad=0.02)
        row[0].set_ylabel(method_name(method).replace(", ", ",\n"))
    for panel, title in zip(axes[0], ("observed", "restored", *(words for _, words, _ in CELL_MAPS))):
        panel.set_title(title)
    for panel in axes.flat:
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(visible=False)
    return drawn


def _cut(values: NDArray[np.floating], whole: tuple[int, ...], part: tuple[int, int]) -> NDArray[np.floating]:
    if not values.size:
        return np.full((1, 1), np.nan)
    rows, columns = (max(round(n * p / w), 1) for n, p, w in zip(values.shape, part, whole))
    return values[:rows, :columns]


def _aspect(values: NDArray[np.floating], wanted: float) -> float:
    return wanted * values.shape[1] / values.shape[0]


def recovery_figure(table: pd.DataFrame, name: Name) -> Figure:
    """Draw completeness and bias of injected light against signal-to-noise: a column per condition and kind."""
    part = table[table["part"] == "injection"]
    columns = [(c, kind) for c in part["condition"].unique() for kind in (POINT, GALAXY)]
    drawn = figure(max(2.9 * len(columns), 7.4), 4.9)
    axes = drawn.subplots(2, max(len(columns), 1), sharex=True, sharey="row", squeeze=False)
    methods = list(dict.fromkeys(part["method"]))
    for place, (condition, kind) in enumerate(columns):
        here = part[(part["condition"] == condition) & part["case"].str.startswith(kind)]
        axes[0, place].set_title(f"{name(condition)}\n{kind}")
        for row, measure in enumerate(("completeness", "flux_bias")):
            _levels(axes[row, place], here[here["measure"] == measure], methods)
        axes[1, place].axhline(0, color=INK, lw=1)
    axes[0, 0].set_ylim(-0.04, 1.04)
    axes[0, 0].set_ylabel("completeness")
    axes[1, 0].set_ylabel("error of the light,\nrelative (median)")
    drawn.supxlabel("signal-to-noise of the source in the observation", fontsize=9, color=INK)
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, columnspacing=1.4)
    return drawn


def _levels(axes: Axes, part: pd.DataFrame, methods: Sequence[str]) -> None:
    colours = colours_of(methods)
    levels = sorted(set(_level_of(part)))
    for place, method in enumerate(methods):
        rows = part[part["method"] == method]
        at = np.array([levels.index(level) for level in _level_of(rows)], float)
        value, low, high = (rows[column].to_numpy(float) for column in ("value", "low", "high"))
        trained = method not in CLASSICAL_METHODS
        axes.errorbar(
            at + 0.7 * ((place + 0.5) / len(methods) - 0.5), value,
            yerr=np.nan_to_num([value - low, high - value]).clip(0), fmt="D" if trained else "o", ls="",
            ms=4.5 if trained else 3.5, elinewidth=1.2, color=colours[method], label=method_name(method),
        )  # fmt: skip
    axes.set_xticks(range(len(levels)), [f"{level:g}" for level in levels])
    axes.grid(axis="x", visible=False)
    for boundary in range(1, len(levels)):
        axes.axvline(boundary - 0.5, color=MUTED, lw=0.4)


def _level_of(rows: pd.DataFrame) -> list[float]:
    return [float(case.rpartition("S/N ")[2]) for case in rows["case"]]


def mistakes_figure(table: pd.DataFrame, name: Name) -> Figure:
    """Draw the change of PSNR against the error of the PSF's width that is told: a panel per condition."""
    part = table[(table["measure"] == "psnr_change") & table["case"].str.startswith("PSF") & table["value"].notna()]
    conditions = list(part["condition"].unique())
    drawn = figure(max(3.4 * len(conditions), 7.4), 3.2)
    axes = drawn.subplots(1, max(len(conditions), 1), sharey=True, squeeze=False)
    methods = list(dict.fromkeys(part["method"]))
    colours = colours_of(methods)
    for panel, condition in zip(axes[0], conditions):
        for method in methods:
            rows = part[(part["condition"] == condition) & (part["method"] == method)]
            error = rows["case"].str.extract(r"PSF (.*)%")[0].str.replace("−", "-").astype(float)
            points = pd.concat([error, rows["value"]], axis=1).sort_values(0).to_numpy(float)
            with_none = np.insert(points, np.searchsorted(points[:, 0], 0), (0, 0), axis=0)
            style = "D-" if method not in CLASSICAL_METHODS else "o-"
            panel.plot(*with_none.T, style, color=colours[method], ms=3.5, lw=1.2, label=method_name(method))
        panel.set_title(name(condition))
        panel.axhline(0, color=INK, lw=1)
    axes[0, 0].set_ylabel("change of PSNR (dB)")
    drawn.supxlabel("error of the PSF’s width that a method is told (%)", fontsize=9, color=INK)
    drawn.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, columnspacing=1.4)
    return drawn
