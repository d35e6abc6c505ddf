"""A distance as a ratio: (real, synthetic) over (real, real), at equal numbers, between halves of blocks of sky.

A distance between two samples is above zero even where both are drawn from one distribution, and by how much depends on
their numbers. The distance between two halves of the real sky says what that is; a perfect generator gets about 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.finding import TAILS, Finding, percentiles, perfect_range, share_as_far
from pipeline.evaluation.statistics import widening
from pipeline.physics.noise import addressed_random

SPLITS = 40
"""Deals of the real sky's blocks into halves, behind the ratio that is told ..."""
FEWER_SPLITS = 20
"""... and behind each of those that were resampled or simulated."""
RESAMPLINGS = 200
FEWEST = 8
"""Values in a half, without which no distance is given."""

Floats = NDArray[np.float64]
Distance = Callable[[Floats, Floats], float]


class Ratio(NamedTuple):
    """A ratio, the median distances that it is of, and how many values each half had (the median)."""

    value: float
    synthetic: float
    real: float
    n: int


def wasserstein(some: Floats, others: Floats) -> float:
    """Mean distance over which one set of values must be moved to become the other, of as many (the 1-Wasserstein)."""
    return float(np.abs(np.sort(some) - np.sort(others)).mean())


def split_ratio(
    real: Sequence[Floats], synthetic: Sequence[Floats], distance: Distance, random: np.random.Generator,
    splits: int = SPLITS,
) -> Ratio:  # fmt: skip
    """Median over splits of distance (real half, synthetic), over that of (real half, other real half).

    In each split the real blocks are dealt into halves, and as many synthetic blocks are drawn; all three are cut at
    random to one number of values.

    Parameters
    ----------
    real, synthetic : sequence of array, shape (n, ...)
        The values in each block.
    distance : callable
        Of two samples of one size.
    random : numpy.random.Generator
    splits : int
    """
    half = len(real) // 2
    found = []
    for _ in range(splits):
        order = random.permutation(len(real))
        picked = random.choice(len(synthetic), half, replace=len(synthetic) < half)
        samples = [
            _joined(real, order[:half]),
            _joined(real, order[half : 2 * half]),
            _joined(synthetic, picked),
        ]
        n = min(map(len, samples))
        if n < FEWEST:
            continue
        one, other, made = (sample[random.permutation(len(sample))[:n]] for sample in samples)
        found.append((distance(one, made), distance(one, other), n))
    if not found:
        return Ratio(np.nan, np.nan, np.nan, 0)
    made, null, n = np.median(np.array(found, float), 0)
    return Ratio(made / null if null > 0 else np.nan, made, null, int(n))


def ratio_finding(
    part: str, quantity: str, band: str, real: Sequence[Floats], synthetic: Sequence[Floats], distance: Distance,
    *address: object,
) -> Finding:  # fmt: skip
    """The ratio with its interval, beside that of a perfect generator.

    The interval is a bootstrap over the blocks of both skies, on the ratio's logarithm and widened for few blocks. A
    perfect generator is simulated: real and synthetic blocks are both drawn, with replacement, from the real ones.
    """
    return _finding(part, quantity, band, real, synthetic, distance, address, "value")


def distance_finding(
    part: str, quantity: str, band: str, real: Sequence[Floats], synthetic: Sequence[Floats], distance: Distance,
    *address: object,
) -> Finding:  # fmt: skip
    """As :func:`ratio_finding`, of the distance itself: for one that is zero on average between halves of one sky."""
    return _finding(part, quantity, band, real, synthetic, distance, address, "synthetic")


def median_ratio(
    real: dict[str, list[Floats]], synthetic: dict[str, list[Floats]], part: str, *address: object
) -> Finding:
    """The median of the ratios of several quantities, all resampled by the same blocks.

    Parameters
    ----------
    real, synthetic : dict of str to list of array, shape (n,)
        By quantity, the values in each block.
    """
    names = list(real)

    def median(ours: dict[str, list[Floats]], theirs: dict[str, list[Floats]], key: object, splits: int) -> float:
        ratios = [
            split_ratio(ours[q], theirs[q], wasserstein, addressed_random(*address, q, key), splits).value
            for q in names
        ]  # fmt: skip
        return percentiles(np.array(ratios), 50)[0]

    draws = _Draws(len(real[names[0]]), len(synthetic[names[0]]), (*address, "median"))

    def resampled(made: dict[str, list[Floats]], which: int, number: int) -> float:
        ours, theirs = (
            {q: draws.taken(sky[q], of, number) for q in names} for sky, of in ((real, 0), (made, which))
        )  # fmt: skip
        return median(ours, theirs, number, FEWER_SPLITS)

    value = median(real, synthetic, "all", SPLITS)
    again, perfect = (
        np.array([resampled(sky, which, i) for i in range(RESAMPLINGS // 2)])
        for sky, which in ((synthetic, 1), (real, 2))
    )
    low, high = _on_logarithms(value, again, min(len(real[names[0]]), len(synthetic[names[0]])))
    return Finding(part, "median", "", value, low, high, *perfect_range(perfect), share_as_far(value, perfect),
                   len(names))  # fmt: skip


class _Draws:
    """Blocks drawn with replacement: of the real sky, of the synthetic one, and of the real one as if it were made."""

    def __init__(self, real: int, synthetic: int, address: tuple[object, ...]) -> None:
        self._sizes, self._address = ((real, real), (synthetic, synthetic), (real, synthetic)), address

    def taken(self, blocks: Sequence[Floats], which: int, number: int) -> list[Floats]:
        pool, count = self._sizes[which]
        drawn = addressed_random(*self._address, "drawn", which, number).integers(0, pool, count)
        return [blocks[i] for i in drawn]


def _finding(
    part: str, quantity: str, band: str, real: Sequence[Floats], synthetic: Sequence[Floats], distance: Distance,
    address: tuple[object, ...], what: str,
) -> Finding:  # fmt: skip
    found = split_ratio(real, synthetic, distance, addressed_random(*address, quantity, band, "splits"))
    if not found.n:
        return Finding(part, quantity, band, *(np.nan,) * 7, 0)
    draws = _Draws(len(real), len(synthetic), (*address, quantity, band))

    def simulated(made: Sequence[Floats], which: int) -> Floats:
        ratios = [
            split_ratio(
                draws.taken(real, 0, i), draws.taken(made, which, i), distance,
                addressed_random(*address, quantity, band, which, i), FEWER_SPLITS,
            )
            for i in range(RESAMPLINGS)
        ]  # fmt: skip
        values = np.array([getattr(ratio, what) for ratio in ratios], float)
        return values[np.isfinite(values)]

    value, again, perfect = getattr(found, what), simulated(synthetic, 1), simulated(real, 2)
    bounds = _on_logarithms if what == "value" else _as_they_are
    low, high = bounds(value, again, min(len(real), len(synthetic)))
    return Finding(part, quantity, band, value, low, high, *perfect_range(perfect), share_as_far(value, perfect),
                   found.n)  # fmt: skip


def _on_logarithms(value: float, again: Floats, blocks: int) -> tuple[float, float]:
    if not value > 0:
        return np.nan, np.nan
    low, high = _as_they_are(np.log(value), np.log(again[again > 0]), blocks)
    return float(np.exp(low)), float(np.exp(high))


def _as_they_are(value: float, again: Floats, blocks: int) -> tuple[float, float]:
    # About the value: the resampled ones lie higher, since resampling adds a difference of its own to both skies.
    low, middle, high = percentiles(again, TAILS[0], 50, TAILS[1])
    return value + widening(blocks) * (low - middle), value + widening(blocks) * (high - middle)


def _joined(blocks: Sequence[Floats], numbers: NDArray[np.intp]) -> Floats:
    return np.concatenate([blocks[i] for i in numbers])
