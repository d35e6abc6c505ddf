"""How well lesions are seen in what each method makes of a scan, with intervals over groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.statistics import LEVEL
from pipeline.measures.model_observer import detectability, template
from pipeline.physics.noise import addressed_random

COLUMNS = ("condition", "method", "statistic", "value", "low", "high", "lesions", "groups")
DETECTABILITY, SHARE, CONTRAST = "detectability", "over_undegraded", "recovered_contrast"
RESAMPLINGS = 400
FEWEST = 4
"""Groups from which a reader is trained and judged."""

Numbers = NDArray[np.float64]


class _Readings:
    """Those of one method under one condition, sorted so that all methods have the same lesions in the same rows."""

    def __init__(self, rows: pd.DataFrame) -> None:
        keys = ["group", "item", "lesion"]
        absent, present = (rows[rows["kind"] == kind].sort_values(keys) for kind in ("without", "with"))
        names = [name for name in map(str, rows) if name.startswith("reading_")]
        self.absent, self.present = absent[names].to_numpy(float), present[names].to_numpy(float)
        left = present["amplitude"].to_numpy(float) - absent["amplitude"].to_numpy(float)
        self.recovered = left / present["contrast"].to_numpy(float)
        self.group = present["group"].to_numpy(str)

    def detectability(self, halves: list[NDArray[np.intp]]) -> float:
        """Mean over two readers, each trained on one half of the groups and judged on the other."""
        found = []
        for taught, judged in (halves, halves[::-1]):
            weights = template(self.absent[taught], self.present[taught])
            found.append(detectability(self.absent[judged] @ weights, self.present[judged] @ weights))
        return float(np.mean(found))


def summarise_lesions(undegraded: pd.DataFrame, rows: pd.DataFrame, seed: int) -> Iterator[tuple[object, ...]]:
    """Rows of ``lesions.csv`` of one method under one condition, see :data:`COLUMNS`.

    A reader is trained on half of the groups and judged on the others, and the other way round. Intervals of 95% are
    percentiles of a bootstrap over the groups within each half, drawn alike for all methods.

    Parameters
    ----------
    undegraded, rows : DataFrame
        What ``implant`` wrote, of the scan that nothing was taken from, and of the method.
    seed : int
    """
    reference, own = _Readings(undegraded), _Readings(rows)
    condition, method = rows["condition"].iloc[0], rows["method"].iloc[0]
    groups = np.unique(own.group)
    counted = len(own.group), len(groups)
    if len(groups) < FEWEST:
        return
    halves = [groups[::2], groups[1::2]]
    members = {group: np.flatnonzero(own.group == group) for group in groups}

    def statistics(drawn: list[Numbers]) -> tuple[float, float, float]:
        taken = [np.concatenate([members[group] for group in half]) for half in drawn]
        seen, best = own.detectability(taken), reference.detectability(taken)
        return seen, seen / best, float(np.mean(own.recovered[np.concatenate(taken)]))

    value = statistics(halves)
    random = addressed_random(seed, "lesions", len(groups))
    several = [statistics([random.choice(half, len(half)) for half in halves]) for _ in range(RESAMPLINGS)]
    low, high = np.nanquantile(several, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    for number, statistic in enumerate((DETECTABILITY, SHARE, CONTRAST)):
        yield condition, method, statistic, value[number], low[number], high[number], *counted
