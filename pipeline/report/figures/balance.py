"""How the game of the adversarial stage stood while it was played, by network and fold."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.figures.training import History, parts_of, running
from pipeline.report.style import MUTED, figure, fold_colours


class Watched(NamedTuple):
    """A column of ``history.csv``, what a panel calls it, and the value that it has in a balanced game, if any."""

    column: str
    label: str
    balanced: float | None


WATCHED = (
    Watched("discriminator_total", "discriminator loss", None),
    Watched("told_apart", "told apart", 0.5),
    Watched("variety", "variety", 1.0),
    Watched("r_v", r"$r_v$", 0.0),
    Watched("r_t", r"$r_t$", None),
    Watched("augmented", "augmented", None),
)
PANEL = 1.7
"""Height of a panel in inches."""


def balance_figure(histories: list[History]) -> Figure:
    """Draw a column per network that was trained with a discriminator, a panel per quantity and a line per fold."""
    played = [h for h in histories if any(w.column in h.table for w in WATCHED)]
    networks = list(dict.fromkeys(h.network for h in played))
    if not networks:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No network was trained with a discriminator.", ha="center", va="center")
        return drawn
    shown = [w for w in WATCHED if any(_known(h, w) for h in played)]
    colours = fold_colours(list(dict.fromkeys(h.fold for h in histories)))
    drawn = figure(max(4.3 * len(networks), 7.4), PANEL * len(shown))
    axes = drawn.subplots(len(shown), len(networks), sharex="col", squeeze=False)
    for column, network in zip(axes.T, networks):
        column[0].set_title(network)
        column[-1].set_xlabel("optimiser steps beside a discriminator")
        for panel, watched in zip(column, shown):
            panel.set_ylabel(watched.label)
            if watched.balanced is not None:
                panel.axhline(watched.balanced, color=MUTED, lw=0.8, ls=":")
            for history in (h for h in played if h.network == network and _known(h, watched)):
                _draw(panel, history, watched, colours[history.fold])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper right", ncols=10, columnspacing=1.2)
    return drawn


def _known(history: History, watched: Watched) -> bool:
    return watched.column in history.table and bool(history.table[watched.column].notna().any())


def _draw(panel: Axes, history: History, watched: Watched, colour: str) -> None:
    # A stage without a discriminator has nothing to show, so steps are counted from the first that has one.
    table = history.table[history.table[[w.column for w in WATCHED if w.column in history.table]].notna().any(axis=1)]
    steps, parts = pd.Series(running(table, "step"), table.index), parts_of(table)
    final = history.fold == "final"
    label = "final" if final else history.fold.replace("fold", "fold ")
    mark: dict[str, Any] = {"marker": "o", "ms": 3} if len(table) < 40 else {}
    for number, part in enumerate(dict.fromkeys(parts)):
        # Each stage and start has a discriminator of its own, so no line leads from one to the next.
        here = (parts == part) & table[watched.column].notna()
        style = mark | {"color": colour, "label": f"_{label}" if number else label, "ls": (0, (4, 2)) if final else "-"}
        panel.plot(steps[here], table.loc[here, watched.column], **style)
