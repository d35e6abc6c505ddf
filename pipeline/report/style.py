"""How every figure looks: colours that the colour-blind tell apart, honest axes, files that repeat to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline.store import written_aside

INK, MUTED, RULE, PAPER = "#1f2328", "#5d6672", "#d3d8de", "#ffffff"
"""Text, secondary text, lines and ground."""

CLASSICAL = ("#8a929c", "#0072b2", "#56b4e9", "#009e73", "#a6761d")
NETWORK = ("#d55e00", "#b04a8f", "#e69f00", "#7a4fbf")
"""Okabe and Ito's colours (2008) and neighbours: grey and cold for formulas, warm for what was trained."""

FOLDS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")

DARK = {
    INK: "#e4e2dd", MUTED: "#98a2ad", RULE: "#353b43", PAPER: "#1a1e22", "#8a929c": "#9aa3ad",
    "#0072b2": "#3a93d6", "#56b4e9": "#9bd6f7", "#009e73": "#2dbd92", "#a6761d": "#c9973f",
    "#b04a8f": "#d77fbb", "#7a4fbf": "#a98ce0",
}  # fmt: skip
"""What the colours of a figure become on a dark ground."""

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    # Paths, not text: the same letters wherever the file is opened, with or without our fonts.
    "svg.fonttype": "path",
    "svg.hashsalt": "clearfield",
}


def figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches; figures are drawn within :func:`styled`."""
    return Figure(figsize=(width, height), layout="constrained")


def styled() -> Any:
    """A context in which matplotlib draws in our manner."""
    return mpl.rc_context(dict(_STYLE))


def save(drawn: Figure, path: Path) -> None:
    """Write a figure as SVG; the same figure gives the same bytes."""
    metadata = {"Date": None, "Creator": None}
    with styled(), written_aside(path) as aside:
        drawn.savefig(aside, format="svg", metadata=metadata, bbox_inches="tight", pad_inches=0.06)


def method_colours(classical: Sequence[str], networks: Sequence[str]) -> dict[str, str]:
    """A colour per method, cold for classical ones and warm for networks."""
    cold = {method: CLASSICAL[i % len(CLASSICAL)] for i, method in enumerate(classical)}
    return cold | {method: NETWORK[i % len(NETWORK)] for i, method in enumerate(networks)}


def fold_colours(folds: list[Any]) -> dict[Any, Any]:
    """A colour per fold: distinct ones for a few, along a scale for many."""
    if len(folds) <= len(FOLDS):
        return dict(zip(folds, FOLDS))
    scale = mpl.colormaps["viridis"]
    return {fold: mpl.colors.to_hex(scale(0.92 * i / (len(folds) - 1))) for i, fold in enumerate(folds)}


def darkened(svg: str) -> str:
    """The same drawing for a dark ground."""
    for light, dark in DARK.items():
        svg = svg.replace(light, dark)
    return svg
