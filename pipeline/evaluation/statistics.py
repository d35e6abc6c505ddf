"""Which of two methods is better, by how much, and how sure that is: paired differences with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.physics.noise import addressed_random

LEVEL = 0.95
"""Confidence of every interval."""
CHUNK = 4_000_000
"""Weights that are worked on at a time, which bounds the memory."""

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval; NaN where nothing was measured."""

    value: float
    low: float
    high: float


class Bootstrap:
    """Two-stage resampling: groups with replacement, then items with replacement within each drawn group.

    Items of a group share what made them alike, so groups are the sample and items only refine it (Davison and Hinkley
    1997, "Bootstrap Methods and their Application", section 3.8). The intervals are percentiles at 95%, and speak of
    the mean of all groups *such as these*. How often they cover it depends on the number of groups (simulated):

    - 40: 93 to 95 in 100 studies;
    - 10: 90 where groups differ far more than their items do, 98 where they do not differ at all;
    - 3: 77 and 93. The first stage is coarse then: where groups differ much, an interval spans the lowest to the
      highest group mean, which covers the mean of all of them in 75 of 100 studies.

    Where all groups are parts of one image an interval holds for this field, not for another part of the sky.

    Parameters
    ----------
    groups : sequence of str
        Group of each item.
    count : int
        Number of resamplings.
    address : object
        The resampling is a function of this and of the groups alone, such as (seed, condition).
    """

    def __init__(self, groups: Sequence[str], count: int, *address: object) -> None:
        names, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
        self.weights = _weights(member, len(names), count, addressed_random("bootstrap", *address))

    def mean(self, values: Values) -> Estimate:
        """Mean over items, each of one weight, with its interval.

        Parameters
        ----------
        values : array, shape (N,)
            One per item; NaN where there is none.
        """
        known = np.isfinite(values)
        if not known.any():
            return Estimate(np.nan, np.nan, np.nan)
        return estimate(float(values[known].mean()), self.resampled_means(values))

    def median(self, values: Values) -> Estimate:
        """Median over items with its interval; see :meth:`mean`."""
        known = np.isfinite(values)
        if not known.any():
            return Estimate(np.nan, np.nan, np.nan)
        return estimate(float(np.median(values[known])), self._resampled_medians(values))

    def p_value(self, differences: Values) -> float:
        """Two-sided p-value of "the mean difference is 0", from the same resamplings as its interval.

        Twice the share of resampled means on the far side of 0, never below ``2 / (count + 1)``: what the interval says
        at 95%, this says at every level. NaN where nothing was measured.
        """
        means = self.resampled_means(differences)
        means = means[np.isfinite(means)]
        if not means.size:
            return np.nan
        tail = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
        return min(2 * (tail + 1) / (means.size + 1), 1.0)

    def resampled_means(self, values: Values) -> NDArray[np.float64]:
        """Mean of each resampling, shape (count,); NaN where it drew no item with a value."""
        known = np.isfinite(values)
        weights = self.weights[:, known]
        total = weights.sum(1, dtype=np.int64)
        with np.errstate(invalid="ignore"):
            return weights @ np.asarray(values[known], np.float64) / total

    def _resampled_medians(self, values: Values) -> NDArray[np.float64]:
        known = np.flatnonzero(np.isfinite(values))
        order = known[np.argsort(values[known], kind="stable")]
        step = max(CHUNK // len(order), 1)
        parts = [self.weights[i : i + step, order] for i in range(0, len(self.weights), step)]
        return np.concatenate([_weighted_medians(np.asarray(values[order], np.float64), part) for part in parts])


def estimate(value: float, resampled: NDArray[np.float64]) -> Estimate:
    """A number with the 95% interval of its resamplings; NaN among them is left out."""
    known = resampled[np.isfinite(resampled)]
    if not known.size:
        return Estimate(value, np.nan, np.nan)
    low, high = np.percentile(known, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Estimate(value, float(low), float(high))


def holm(p_values: Values) -> NDArray[np.float64]:
    """P-values corrected for how many there are (Holm 1979, Scand. J. Statist. 6, 65).

    Parameters
    ----------
    p_values : array, shape (N,)
        NaN where no test was made; these stay NaN and are not counted.

    Returns
    -------
    array, shape (N,)
        Below 0.05 where a difference stands although N were looked at.
    """
    corrected = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(np.isfinite(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    factors = len(order) - np.arange(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1.0)
    return corrected


def ranks(losses: Values) -> NDArray[np.float64]:
    """1 for the lowest loss; equal losses share the better rank; NaN stays NaN."""
    better = (losses[None, :] < losses[:, None]).sum(1) + 1.0
    return np.where(np.isfinite(losses), better, np.nan)


def _weights(member: NDArray[np.intp], groups: int, count: int, random: np.random.Generator) -> NDArray[np.int32]:
    """How often each resampling holds each item, shape (count, N)."""
    drawn = random.multinomial(groups, np.full(groups, 1 / groups), size=count)
    weights = np.empty((count, len(member)), np.int32)
    for group in range(groups):
        items = np.flatnonzero(member == group)
        # A group of n items that was drawn m times gives m times n items, all equally likely.
        shares = np.full(len(items), 1 / len(items))
        weights[:, items] = random.multinomial(drawn[:, group] * len(items), shares)
    return weights


def _weighted_medians(values: NDArray[np.float64], weights: NDArray[np.int32]) -> NDArray[np.float64]:
    """Median of each row's multiset of ascending ``values``; the mean of the middle two where their number is even."""
    reached = weights.cumsum(1, dtype=np.int64)
    total = reached[:, -1:]
    lower, upper = (2 * reached >= total).argmax(1), (2 * reached > total).argmax(1)
    return np.where(total[:, 0] > 0, (values[lower] + values[upper]) / 2, np.nan)
