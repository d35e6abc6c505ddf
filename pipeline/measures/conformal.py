"""Split conformal prediction with scores in groups: quantiles that hold for a group that was not there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TAIL = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.125, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.425,
         0.45, 0.475)  # fmt: skip
PROBABILITIES = np.array([*_TAIL, 0.5, *(1 - p for p in reversed(_TAIL))])
"""At which a predictive distribution is written down, closest where intervals end."""
FEWEST_GROUPS = 8
"""Groups without which quantiles are not a bin's own."""
_SOFTENING, _LARGEST, _STEPS = 0.1, 1e4, 2400
_EDGES = _SOFTENING * np.sinh(np.linspace(-1, 1, _STEPS + 1) * math.asinh(_LARGEST / _SOFTENING))
"""Scores are counted between these: as fine as 0.001 at 0, and a hundredth of themselves far from it."""


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of scores at :data:`PROBABILITIES`.

    Parameters
    ----------
    values : array, shape (41,)
        Ascending.
    groups, scores : int
        How many there were.
    effective : float
        Independent scores that would tell the ends of the 95% interval as well: no fewer than groups, about, and no
        more than scores.
    corrected : bool
        Whether all could be moved outwards by as much as so few groups ask for. Where not, the outermost scores stand
        in their place, or, below 8 groups, none was moved.
    """

    values: Floats
    groups: int
    scores: int
    effective: float
    corrected: bool


class GroupedScores:
    """How often scores were so and so large in each group: of bounded size, however many scores there are.

    Scores beyond 10,000 count as that.
    """

    def __init__(self) -> None:
        self._counts: dict[str, tuple[NDArray[np.intp], Floats]] = {}

    def add(self, group: str, scores: NDArray[np.floating]) -> None:
        """Count scores of a group; it may come again."""
        if len(scores):
            place = np.clip(np.searchsorted(_EDGES, scores, "right") - 1, 0, _STEPS - 1)
            self._count(group, np.bincount(place, minlength=_STEPS).astype(np.float64))

    def __len__(self) -> int:
        """Number of groups."""
        return len(self._counts)

    @classmethod
    def together(cls, parts: Iterable[GroupedScores]) -> GroupedScores:
        """All scores of several collections; a group that is in more than one counts once."""
        whole = cls()
        for part in parts:
            for group, counts in part._counts.items():
                whole._count(group, _dense(counts))
        return whole

    def _count(self, group: str, counts: Floats) -> None:
        if group in self._counts:
            counts = counts + _dense(self._counts[group])
        # Of most groups few places are there: a thousand with a dozen sources each stay small.
        there = np.flatnonzero(counts)
        self._counts[group] = there, counts[there]

    def quantiles(self) -> Quantiles:
        """The quantiles within which a score of a new group lies as often as they say.

        Each group weighs the same, whatever it holds, as in hierarchical conformal prediction (Lee, Barber and Willett
        2023, arXiv 2306.06342, eq. 5), which then asks for the level ``p (K + 1) / K`` instead of ``p``: as if each
        group had one score. That is needed where groups move as one; where each is a sample of the same scores, 40
        groups would make 99% of 95. In the place of ``K`` stands here the number of independent scores that would tell
        the quantile as well as these do, ``n = p (1 - p) / var F(q)`` with the variance between groups (Kish 1965): it
        is about ``K`` in the first case, and grows with the scores in the second.

        Raises
        ------
        ValueError
            If there is no score.
        """
        if not self._counts:
            raise ValueError("no scores to take quantiles of")
        counts = np.stack([_dense(counts) for counts in self._counts.values()])
        shares = counts.cumsum(1) / counts.sum(1, keepdims=True)
        mean = np.concatenate([[0.0], shares.mean(0)])
        found = [_quantile(p, shares, mean) for p in PROBABILITIES]
        values = np.maximum.accumulate([value for value, _, _ in found])
        ends = [n for p, (_, n, _) in zip(PROBABILITIES, found) if p in (0.025, 0.975)]
        corrected = all(fits for _, _, fits in found)
        scores = int(counts.sum())
        # Shares are interpolated within the places of the counts, which makes more of a few scores than there are.
        return Quantiles(values, len(counts), scores, float(min(*ends, scores)), corrected)


def effective_number(shares: NDArray[np.floating], p: float) -> float:
    """Independent scores that would tell a share as well as groups do, of which each has its own, shape (K,).

    ``p (1 - p) K / s^2`` with the variance ``s^2`` between groups; no fewer than ``K - 1`` where groups agree with
    ``p`` on the whole, and 0 of a single group, which does not tell.
    """
    if len(shares) < 2:
        return 0.0
    variance = float(np.var(shares, ddof=1)) / len(shares)
    return p * (1 - p) / variance if variance > 0 else math.inf


def _dense(counts: tuple[NDArray[np.intp], Floats]) -> Floats:
    return np.bincount(counts[0], counts[1], _STEPS).astype(np.float64)


def _quantile(p: float, shares: Floats, mean: Floats) -> tuple[float, float, bool]:
    """The quantile, how many independent scores it rests on, and whether these are enough for it."""
    middle = _at(p, mean)
    n = effective_number(_shares_below(middle, shares), p)
    if p == 0.5:
        return middle, n, True
    upper = max(p, 1 - p)
    level = upper if math.isinf(n) else upper * (n + 1) / n if n else math.inf
    # So few groups do not tell how much they differ; and what lies beyond the outermost scores nobody has seen.
    enough = len(shares) >= FEWEST_GROUPS
    fits, level = enough and level <= 1, min(level, 1.0) if enough else upper
    return _at(level if p > 0.5 else 1 - level, mean), n, fits


def _at(level: float, mean: Floats) -> float:
    # Ends of what was counted, not of what could be.
    first, last = np.searchsorted(mean, 0.0, "right") - 1, np.searchsorted(mean, mean[-1], "left")
    return float(np.interp(level * mean[-1], mean[first : last + 1], _EDGES[first : last + 1]))


def _shares_below(score: float, shares: Floats) -> Floats:
    place = np.interp(score, _EDGES, np.arange(_STEPS + 1))
    low, part = min(int(place), _STEPS - 1), place - min(int(place), _STEPS - 1)
    before = shares[:, low - 1] if low else np.zeros(len(shares))
    return before + part * (shares[:, low] - before)
