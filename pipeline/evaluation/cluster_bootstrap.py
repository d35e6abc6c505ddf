"""How sure a mean is where values come in clusters: whole clusters are drawn, and few of them widen the interval."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.statistics import LEVEL, widening
from pipeline.physics.noise import addressed_random

Floats = NDArray[np.float64]


class Bounds(NamedTuple):
    """Means with their 95% intervals, shape (P,) each."""

    value: Floats
    low: Floats
    high: Floats


class ClusterBootstrap:
    """Resampling of whole clusters (folds, or groups), each with all that belongs to it.

    Of a hierarchy (folds, groups in them, items in these, pixels in those) the uppermost level is drawn with
    replacement and what lies below is kept whole, which holds the right variance whatever each level contributes
    (Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8). Drawing again within the
    clusters that were drawn counts the scatter of the lower levels twice.

    Of few clusters the deviations from the mean are widened (:func:`~pipeline.evaluation.statistics.widening`).
    With 3, 5 and 10 folds of 1, 4 or 20 groups of 4 items, whether folds, groups or items scatter most, the intervals
    of folds covered the mean in 92 to 97 of 100 simulated studies (36 settings, 500 studies each).

    Parameters
    ----------
    clusters : sequence
        Cluster of each row.
    count : int
        Number of resamplings.
    address : object
        The resampling is a function of this and of the number of clusters alone.
    """

    def __init__(self, clusters: Sequence[object], count: int, *address: object) -> None:
        names, self._member = np.unique(np.asarray(clusters).astype(str), return_inverse=True)
        self._number = len(names)
        self._drawn = _drawn(self._number, count, address)

    def mean(self, sums: Floats, counts: Floats) -> Bounds:
        """Mean over all that the rows count, with its interval.

        Parameters
        ----------
        sums : array, shape (N, P)
            Sum of the values that a row stands for, one column per quantity.
        counts : array, shape (N,)
            How many these are.

        Returns
        -------
        Bounds
            Without an interval (NaN) where there is one cluster only.
        """
        total, number = (self._by_cluster(each) for each in (sums, counts[:, None]))
        value = total.sum(0) / number.sum()
        if self._number < 2:
            nothing = np.full_like(value, np.nan)
            return Bounds(value, nothing, nothing)
        with np.errstate(invalid="ignore"):
            resampled = (self._drawn @ total) / (self._drawn @ number)
        low, high = np.nanpercentile(resampled, [50 * (1 - LEVEL), 50 * (1 + LEVEL)], axis=0)
        wider = widening(self._number)
        return Bounds(value, value + wider * (low - value), value + wider * (high - value))

    def _by_cluster(self, rows: Floats) -> Floats:
        total = np.zeros((self._number, rows.shape[1]))
        np.add.at(total, self._member, rows)
        return total


@lru_cache(maxsize=2)
def _drawn(clusters: int, count: int, address: tuple[object, ...]) -> Floats:
    """How often each resampling holds each cluster, shape (count, clusters); kept, since all metrics share them."""
    random = addressed_random("clusters", *address)
    return random.multinomial(clusters, np.full(clusters, 1 / clusters), count).astype(float)
