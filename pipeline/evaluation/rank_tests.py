"""Tests on ranks, as Demsar (2006, JMLR 7, 1) recommends to compare several methods over several samples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import f, rankdata, wilcoxon

FEW = 10
"""Samples below which F is too bold: for two samples of five methods it makes 0.007 of what is 0.04."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SignedRanks:
    """Wilcoxon's test of paired values, and its effect size.

    ``effect`` is the matched-pairs rank-biserial correlation ``(R+ - R-) / (R+ + R-)`` (Kerby 2014, Comprehensive
    Psychology 3, 1): 1 where all samples speak for the first, -1 where all speak against it.
    """

    p_value: float
    effect: float


@dataclass(frozen=True)
class Friedman:
    """Whether any of several methods stands out.

    ``ranks`` are mean ranks, 1 the best; ``statistic`` is Friedman's chi-square; the p-value is that of Iman and
    Davenport's F, which is less conservative (Demsar 2006, section 3.2.2), but with fewer than 10 samples, where F errs
    on the bold side, that of chi-square.
    """

    ranks: Floats
    statistic: float
    p_value: float


def signed_ranks(gains: Floats) -> SignedRanks:
    """Two-sided signed-rank test of "gains lie symmetrically about 0" (Wilcoxon 1945).

    Parameters
    ----------
    gains : array, shape (N,)
        One per independent sample, such as a group; above 0 where the first of two methods is better. Ranks of zeros
        are split evenly between both sides, as in Demsar (2006).

    Returns
    -------
    SignedRanks
        Exact up to 50 samples without ties. With fewer than 6 samples the p-value is never below 0.05.
    """
    order = rankdata(abs(gains))
    above, below = order[gains > 0].sum(), order[gains < 0].sum()
    if not above and not below:
        return SignedRanks(1.0, 0.0)
    tested = wilcoxon(gains, zero_method="zsplit")
    return SignedRanks(float(tested.pvalue), float((above - below) / order.sum()))


def cliffs_delta(first: Floats, second: Floats) -> float:
    """Chance that a value of the first is above one of the second, minus the converse (Cliff 1993, Psych. Bull. 114).

    It knows no pairs: 1 where the two sets of values do not overlap, 0 where they lie alike.
    """
    ordered = np.sort(second)
    above, not_below = (np.searchsorted(ordered, first, side).sum() for side in ("left", "right"))
    return float((above - (len(first) * len(second) - not_below)) / (len(first) * len(second)))


def friedman(losses: Floats) -> Friedman:
    """Friedman's test.

    Parameters
    ----------
    losses : array, shape (N, k)
        One row per independent sample, one column per method; lower is better. Equal losses share their mean rank.

    Returns
    -------
    Friedman
        Without a p-value (NaN) where there are fewer than 2 samples or methods.
    """
    samples, methods = losses.shape
    ranks = rankdata(losses, axis=1).mean(0)
    if samples < 2 or methods < 2:
        return Friedman(ranks, np.nan, np.nan)
    chi2 = 12 * samples / (methods * (methods + 1)) * (np.sum(ranks**2) - methods * (methods + 1) ** 2 / 4)
    if samples < FEW:
        return Friedman(ranks, float(chi2), float(chi2_distribution.sf(chi2, methods - 1)))
    rest = samples * (methods - 1) - chi2
    if rest <= 1e-9 * chi2:
        return Friedman(ranks, float(chi2), 0.0)
    ratio = (samples - 1) * chi2 / rest
    return Friedman(ranks, float(chi2), float(f.sf(ratio, methods - 1, (methods - 1) * (samples - 1))))


def cliques(names: Sequence[str], apart: Iterable[Collection[str]]) -> list[tuple[str, ...]]:
    """Largest sets of methods no two of which are told apart (insert and absorb: Piepho 2004, JCGS 13, 456).

    Parameters
    ----------
    names : sequence of str
        Methods, the best first.
    apart : iterable of pairs of str
        Which two are told apart.

    Returns
    -------
    list of tuple of str
        By their best member; one that is told apart from all others is a set of its own.
    """
    found = [frozenset(names)]
    for one, other in apart:
        split = [
            part
            for whole in found
            for part in ((whole - {one}, whole - {other}) if {one, other} <= whole else (whole,))
        ]
        found = [part for part in dict.fromkeys(split) if not any(part < larger for larger in split)]
    ordered = [tuple(name for name in names if name in part) for part in found]
    return sorted(ordered, key=lambda part: [names.index(name) for name in part])
