"""What an audit found: a number, what the same measure finds where nothing is wrong, and whether they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom, chi2

Verdict = Literal["inconsistent", "invented", ""]
INCONSISTENT: Verdict = "inconsistent"
INVENTED: Verdict = "invented"
LEVEL = 0.95
"""Confidence of every interval."""


class Interval(NamedTuple):
    """A number with its 95% interval; NaN where nothing was measured."""

    value: float
    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Finding:
    """One number of an audit.

    Parameters
    ----------
    part : str
        The part of the audit: ``consistency``, ``blank_fields``, ``injection``, ...
    case : str
        What it was done with: ``S/N 5``, ``PSF +10%``, ``cosmic ray``; empty where there is but one.
    measure : str
    found : Interval
    n : int
        How many cells, fields, sources or patches were looked at.
    null : Interval
        What the same measure finds where nothing is wrong: on the truth, or on the observation itself.
    verdict : {"inconsistent", "invented", ""}
        The verdict that it may speak for; none where it is a number to know and no more.
    threshold : float
        What is put up with: of less there is no talk, however sure it is.
    """

    part: str
    case: str
    measure: str
    found: Interval
    n: int
    null: Interval = field(default=UNKNOWN)
    verdict: Verdict = ""
    threshold: float = math.nan

    @property
    def speaks_against(self) -> bool:
        """Whether its interval lies above the null's and above what is put up with."""
        return bool(self.verdict) and self.found.low > self.null.high and self.found.low > self.threshold


def rate(count: int, n: int) -> Interval:
    """A share with its exact binomial interval (Clopper and Pearson 1934, Biometrika 26, 404)."""
    if not n:
        return UNKNOWN
    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, count, n - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, n - count)) if count < n else 1.0
    return Interval(count / n, low, high)


def per_area(count: int, area: float) -> Interval:
    """Events per unit of area with the exact interval of a Poisson count (Garwood 1936, Biometrika 28, 437)."""
    tail = (1 - LEVEL) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return Interval(count / area, low / area, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2 / area)


def mean(values: NDArray[np.floating]) -> Interval:
    """A mean with 1.96 standard errors on each side; NaN among the values is left out."""
    known = values[np.isfinite(values)]
    if known.size < 2:
        return Interval(float(known.mean()) if known.size else math.nan, math.nan, math.nan)
    middle, error = float(known.mean()), 1.96 * float(known.std(ddof=1)) / math.sqrt(known.size)
    return Interval(middle, middle - error, middle + error)


def median(values: NDArray[np.floating]) -> Interval:
    """A median between two order statistics, whatever the distribution; NaN among the values is left out.

    With five values or fewer the interval is the span of them and covers less than 95%.
    """
    known = np.sort(values[np.isfinite(values)])
    if not known.size:
        return UNKNOWN
    below = max(int(binom.ppf((1 - LEVEL) / 2, known.size, 0.5)) - 1, 0)
    return Interval(float(np.median(known)), float(known[below]), float(known[-1 - below]))
