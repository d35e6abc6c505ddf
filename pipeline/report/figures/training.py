"""How training went: the score on the tune role and the loss, by network and fold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from pipeline.config import Study
from pipeline.report.naming import model_name
from pipeline.report.style import MUTED, figure, fold_colours

SIDE_BY_SIDE = 3
"""Networks and specialists in a row; more of them go below."""


@dataclass(frozen=True)
class History:
    """One training: rows of ``history.csv`` in the order in which they were written.

    ``network`` is ``<network>@<condition>`` for a specialist; ``fold`` is ``fold0`` ... or ``final``.
    """

    network: str
    fold: str
    table: pd.DataFrame

    @property
    def seconds(self) -> float:
        """Time from the first step to the last, all stages and starts."""
        return running(self.table, "seconds")[-1] if "seconds" in self.table and len(self.table) else float("nan")

    @property
    def steps(self) -> int:
        """Optimiser steps of all stages and starts."""
        return int(running(self.table, "step")[-1]) if len(self.table) else 0

    @property
    def kept(self) -> pd.DataFrame:
        """The rows without those of starts that were given up for a better one."""
        return self.table[self.table["kept"].astype(bool)] if "kept" in self.table else self.table


def running(table: pd.DataFrame, column: str) -> list[float]:
    """A count that starts anew with each stage and start, as one that runs on: 1, 2, 1, 2 becomes 1, 2, 3, 4."""
    values, parts = [float(v) for v in table[column]], parts_of(table)
    total, result = 0.0, values[:1]
    for (before, part), (now, next_part) in pairwise(zip(values, parts)):
        total += before if next_part != part else 0.0
        result.append(total + now)
    return result


def parts_of(table: pd.DataFrame) -> np.ndarray:
    """What each row is a part of: a stage, begun again where there were restarts."""
    names = [table[column].astype(str) for column in ("stage", "start") if column in table]
    return sum(names[1:], names[0]).to_numpy() if names else np.full(len(table), "")


def training_figure(histories: list[History], study: Study) -> Figure:
    """Draw two panels per network or specialist: validation PSNR above, loss below, a line per fold."""
    networks = list(dict.fromkeys(h.network for h in histories))
    if not networks:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No network was trained in this study.", ha="center", va="center")
        return drawn
    folds = fold_colours(list(dict.fromkeys(h.fold for h in histories)))
    drawn, pairs = _panels(len(networks))
    for number, (column, network) in enumerate(zip(pairs, networks)):
        for history in (h for h in histories if h.network == network):
            _draw(column, history, folds[history.fold])
        column[0].set_title(model_name(study, network))
        column[1].set_xlabel("optimiser steps, all stages")
        if number % SIDE_BY_SIDE == 0:
            column[0].set_ylabel("PSNR on the tune role (dB)")
            column[1].set_ylabel("loss")
    handles, labels = pairs[0][0].get_legend_handles_labels()
    unique = dict(zip(labels, handles))
    drawn.legend(unique.values(), unique.keys(), loc="outside upper right", ncols=10, columnspacing=1.2)
    return drawn


def _panels(count: int) -> tuple[Figure, list[np.ndarray]]:
    """A figure with a pair of panels, one above the other with one axis of steps, for each of several networks."""
    wide, high = min(count, SIDE_BY_SIDE), -(-count // SIDE_BY_SIDE)
    drawn = figure(max(4.3 * wide, 7.4), 5.0 * high)
    axes = drawn.subplots(2 * high, wide, squeeze=False)
    pairs = [axes[2 * row : 2 * row + 2, column] for row in range(high) for column in range(wide)]
    for above, below in pairs:
        above.sharex(below)
        above.tick_params(labelbottom=False)
    for panel in (panel for pair in pairs[count:] for panel in pair):
        panel.remove()
    return drawn, pairs[:count]


def _draw(column: np.ndarray, history: History, colour: str) -> None:
    table, steps = history.table, np.array(running(history.table, "step"))
    label = "final" if history.fold == "final" else history.fold.replace("fold", "fold ")
    style = {"color": colour, "label": label, "ls": (0, (4, 2)) if history.fold == "final" else "-"}
    score = table.get("validation_psnr", pd.Series(np.nan, table.index))
    mark = {"marker": "o", "ms": 3} if len(table) < 40 else {}
    loss, parts = _loss(table), parts_of(table)
    for panel, values in zip(column, (score, loss)):
        for part in dict.fromkeys(parts):
            # Each stage's loss is another quantity, and a restart another network: no line leads from one to the next.
            here = values.notna().to_numpy() & (parts == part)
            panel.plot(steps[here], values[here], **style, **mark)
    if loss.notna().any() and (loss.dropna() > 0).all():
        column[1].set_yscale("log")
        column[1].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        column[1].yaxis.set_minor_locator(NullLocator())
        column[1].yaxis.set_major_formatter("{x:g}")
    for panel in column:
        _mark_stages(panel, table, steps)


def _loss(table: pd.DataFrame) -> pd.Series:
    # Each stage names its losses after its players.
    names = [c for c in ("generator_total", "loss") if c in table]
    return table[names].bfill(axis=1).iloc[:, 0].astype(float) if names else pd.Series(np.nan, table.index)


def _mark_stages(panel: Axes, table: pd.DataFrame, steps: np.ndarray) -> None:
    parts = parts_of(table)
    for i in range(1, len(parts)):
        if parts[i] != parts[i - 1]:
            panel.axvline(steps[i - 1], color=MUTED, lw=0.8, ls=":")
