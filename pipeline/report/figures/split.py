"""Who judges whom: the roles in each fold, on a map where one image is cut into blocks, as counts otherwise."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from pipeline.report.style import PAPER, figure
from pipeline.splits import Item

ROLES = {
    "train": ("#c3d7e6", "trains the networks"),
    "tune": ("#e6c34d", "tunes classical methods, watches training"),
    "calibrate": ("#9ccdb5", "set aside for calibration"),
    "test": ("#c4511a", "judges; seen by nothing before"),
}
MOST_PANELS = 5
DARK = "#20242a"
"""Counts on the bars: dark on light colours, whatever the ground of the page."""


def split_figure(splits: list[Item]) -> Figure:
    """Draw the items of each fold in the colour of their role."""
    folds = sorted({item.fold for item in splits})
    one_image = len({item.image for item in splits}) == 1
    shown = folds[:MOST_PANELS] if one_image else folds
    if one_image:
        height = max(i.window.y1 for i in splits)
        width = max(i.window.x1 for i in splits)
        drawn = figure(7.4, min(7.4 / len(shown) * height / width, 4.6) + 0.7)
        for panel, fold in zip(drawn.subplots(1, len(shown), squeeze=False)[0], shown):
            _map(panel, [i for i in splits if i.fold == fold], height, width)
            panel.set_title(f"fold {fold}")
    else:
        drawn = figure(7.4, 0.32 * len(shown) + 0.9)
        _shares(drawn.subplots(), splits, shown)
    given = {item.role for item in splits}
    handles = [Patch(facecolor=c, label=f"{role}: {words}") for role, (c, words) in ROLES.items() if role in given]
    drawn.legend(handles=handles, loc="outside lower center", ncols=2, columnspacing=2)
    return drawn


def _map(panel: Axes, items: list[Item], height: int, width: int) -> None:
    for item in items:
        w = item.window
        panel.add_patch(
            Rectangle((w.x0, w.y0), w.width, w.height, facecolor=ROLES[item.role][0], edgecolor=PAPER, lw=0.8)
        )
    panel.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])
    panel.spines[:].set_visible(False)
    panel.grid(visible=False)


def _shares(panel: Axes, splits: list[Item], folds: list[int]) -> None:
    for row, fold in enumerate(folds):
        items, left = [i for i in splits if i.fold == fold], 0
        for role, (colour, _) in ROLES.items():
            count = sum(i.role == role for i in items)
            panel.barh(row, count, left=left, color=colour, height=0.7)
            if count >= 0.04 * len(items):
                panel.text(left + count / 2, row, str(count), ha="center", va="center", fontsize=8, color=DARK)
            left += count
    panel.set_yticks(range(len(folds)), [f"fold {fold}" for fold in folds])
    panel.set_ylim(len(folds) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False)
    panel.set_xlabel("items")
