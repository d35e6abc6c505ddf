"""How intervals did in each group, as sums: whether they held the truth, how wide they are, and how they score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.calibration import LEVELS, Calibration, bin_numbers
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.measures.conformal import PROBABILITIES
from pipeline.measures.predictive import crps, interval_score, probability_transform

Floats = NDArray[np.float64]
Places = Callable[[Floats], Floats]
"""From a quantile of the score, one for each value, to the value that lies there."""

PIT_BINS = 20
SUMS = (
    *(f"{kind}_{100 * level:.0f}" for level in LEVELS for kind in ("covered", "width", "score")),
    *(f"constant_{kind}_{100 * level:.0f}" for level in LEVELS for kind in ("covered", "width", "score")),
    "crps", "constant_crps",
    *(f"pit_{k}" for k in range(PIT_BINS)),
)  # fmt: skip
"""Columns of sums over the values of a group in a bin; ``n`` counts them."""


def interval_sums(
    truth: Floats,
    score: Floats,
    snr: Floats,
    unit: NDArray[np.intp],
    units: list[str],
    calibration: Calibration,
    place: Places,
    constant: Callable[[float], Floats],
) -> pd.DataFrame:
    """Judge the intervals of some values, summed over those of each group and bin of signal-to-noise.

    Parameters
    ----------
    truth : array, shape (N,)
        In the unit of the image, or of the measure.
    score : array, shape (N,)
        Error in units of its spread.
    snr : array, shape (N,)
        Of the observation.
    unit : array, shape (N,), int
        Which of ``units`` each value counts for.
    units : list of str
        Names of groups.
    calibration : Calibration
    place : callable
        The value at so many spreads above the estimate.
    constant : callable
        The value that intervals of one width have at a probability.

    Returns
    -------
    DataFrame
        Columns: unit, bin, n, and :data:`SUMS`.
    """
    bins = bin_numbers(snr)
    columns: dict[str, Floats] = {}
    for level in LEVELS:
        ends = [(1 - level) / 2, (1 + level) / 2]
        ours = [place(calibration.at(p)[bins]) for p in ends]
        plain = [constant(p) for p in ends]
        for prefix, (lower, upper) in (("", ours), ("constant_", plain)):
            name = f"{100 * level:.0f}"
            columns[f"{prefix}covered_{name}"] = ((truth >= lower) & (truth <= upper)).astype(np.float64)
            columns[f"{prefix}width_{name}"] = upper - lower
            columns[f"{prefix}score_{name}"] = interval_score(truth, lower, upper, level)
    columns["crps"] = crps(truth, (place(row[bins]) for row in calibration.quantiles.T), PROBABILITIES)
    columns["constant_crps"] = crps(truth, (constant(p) for p in PROBABILITIES), PROBABILITIES)
    pit = np.empty(len(truth))
    for number, row in enumerate(calibration.quantiles):
        pit[bins == number] = probability_transform(score[bins == number], row, PROBABILITIES)
    part = np.clip((pit * PIT_BINS).astype(int), 0, PIT_BINS - 1)
    columns |= {f"pit_{k}": (part == k).astype(np.float64) for k in range(PIT_BINS)}
    key = unit * len(BINS) + bins
    count = np.bincount(key, minlength=len(units) * len(BINS))
    there = np.flatnonzero(count)
    sums = {name: np.bincount(key, values, len(count))[there] for name, values in columns.items()}
    names = list(BINS)
    return pd.DataFrame(
        {
            "unit": [units[k // len(BINS)] for k in there],
            "bin": [names[k % len(BINS)] for k in there],
            "n": count[there],
            **{name: sums[name] for name in SUMS},
        }
    )
