"""What a comparison finds: a number with its interval, beside the number that a perfect generator would get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.statistics import LEVEL

Floats = NDArray[np.float64]

TAILS = 50 * (1 - LEVEL), 50 * (1 + LEVEL)
"""Percentiles between which 95% lie."""


class Finding(NamedTuple):
    """A row of ``compare.csv``; what is not known is NaN.

    ``low`` and ``high`` bound the value at 95%; ``perfect`` is what a generator would get that draws from the very
    distribution of the real sky, in the middle of what was simulated, ``perfect_low`` and ``perfect_high`` bound 95% of
    it; ``p_value`` is the share of perfect generators that would be found as far off; ``n`` counts what was compared.
    """

    part: str
    quantity: str
    band: str
    value: float
    low: float
    high: float
    perfect: float
    perfect_low: float
    perfect_high: float
    p_value: float
    n: int


class Curve(NamedTuple):
    """A point of a curve, real and synthetic, each with its 95% interval."""

    part: str
    quantity: str
    band: str
    x: float
    real: float
    real_low: float
    real_high: float
    synthetic: float
    synthetic_low: float
    synthetic_high: float


class Compared(NamedTuple):
    """Findings, and the curves that show them; ``pairs``, if any, are synthetic sources beside training sources."""

    findings: list[Finding]
    curves: list[Curve]
    pairs: pd.DataFrame | None = None


def percentiles(values: Floats, *wanted: float) -> list[float]:
    """Percentiles of what is known of some values; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return np.percentile(known, wanted).tolist() if known.size else [np.nan] * len(wanted)


def perfect_range(simulated: Floats) -> tuple[float, float, float]:
    """Median and 95% range of what perfect generators got; NaN where nothing is known."""
    low, middle, high = percentiles(simulated, TAILS[0], 50, TAILS[1])
    return float(middle), float(low), float(high)


def share_as_far(value: float, simulated: Floats) -> float:
    """Share of perfect generators with a value as high: never 0, since the one in hand counts among them."""
    if not np.isfinite(value):
        return np.nan
    return float((1 + np.count_nonzero(simulated >= value)) / (1 + len(simulated)))


def findings_table(generator: str, findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings on a generator as rows."""
    table = pd.DataFrame(list(findings), columns=list(Finding._fields))
    table.insert(0, "generator", generator)
    return table


def curves_table(generator: str, curves: Iterable[Curve]) -> pd.DataFrame:
    """Curves of a generator as rows."""
    table = pd.DataFrame(list(curves), columns=list(Curve._fields))
    table.insert(0, "generator", generator)
    return table


def curve_of_blocks(
    part: str, quantity: str, band: str, x: Sequence[float], real: Floats, synthetic: Floats
) -> list[Curve]:
    """The means over blocks, arrays of shape (blocks, K), at K places, with intervals by their scatter."""
    sides = []
    for blocks in (real, synthetic):
        mean, error = blocks.mean(0), 1.96 * blocks.std(0, ddof=1) / np.sqrt(len(blocks))
        sides.append(np.stack([mean, mean - error, mean + error], 1))
    return [Curve(part, quantity, band, float(at), *one, *other) for at, one, other in zip(x, *sides)]
