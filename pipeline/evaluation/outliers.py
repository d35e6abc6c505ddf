"""Items that a method restored far worse, or far better, than the others of their fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

WHISKER = 1.5
"""A box's whiskers reach to the last item within so many times its height of it (Tukey 1977)."""
FEWEST = 5
"""Items of a fold without which there is no box."""


@dataclass(frozen=True)
class Outlier:
    """One item beyond the whiskers of some methods' boxes.

    ``methods`` are these, the farthest first; ``value``, ``median`` and ``distance`` are of the first: its score, the
    median of its box, and how many heights of the box lie between the box and the score.
    """

    item: str
    fold: int
    low: bool
    methods: tuple[str, ...]
    value: float
    median: float
    distance: float


def outliers(scores: pd.DataFrame) -> list[Outlier]:
    """Items beyond the whiskers of the box of their fold and method.

    Parameters
    ----------
    scores : DataFrame
        Scores of one condition in one metric of which more is better: columns item, fold, method, value.

    Returns
    -------
    list of Outlier
        An item that lies below some boxes and above others is there twice. Those below come first, then the farthest.
        The degraded image names none: how far off it is says something of the scene, and nothing of a restorer.
    """
    scores = scores[scores["method"] != "degraded"]
    found: dict[tuple[str, int, bool], list[tuple[float, str, float, float]]] = {}
    for (fold, method), part in scores.groupby(["fold", "method"], sort=False, observed=True):
        for item, low, distance, value, median in _beyond(part):
            key = item, int(str(fold)), low
            found.setdefault(key, []).append((-distance, str(method), value, median))
    listed = [
        Outlier(item, fold, low, tuple(method for _, method, _, _ in sorted(of)), *min(of)[2:], -min(of)[0])
        for (item, fold, low), of in found.items()
    ]
    return sorted(listed, key=lambda one: (not one.low, -one.distance, one.item))


def first_psnr(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of PSNR in the first space of a table of scores that was written in the order of the study."""
    psnr = metrics[(metrics["metric"] == "psnr") & np.isfinite(metrics["value"])]
    return psnr[psnr["space"] == psnr["space"].iloc[0]] if len(psnr) else psnr


def _beyond(part: pd.DataFrame) -> Iterator[tuple[str, bool, float, float, float]]:
    values = part["value"].to_numpy(np.float64)
    if len(values) < FEWEST:
        return
    lower, median, upper = np.percentile(values, [25, 50, 75])
    height = upper - lower
    if not height > 0:
        return
    distances = np.maximum(lower - values, values - upper) / height
    for n in np.flatnonzero(distances > WHISKER):
        yield str(part["item"].iloc[n]), bool(values[n] < median), float(distances[n]), float(values[n]), float(median)
