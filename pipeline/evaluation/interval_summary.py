"""What the intervals of a study are worth: coverage, width and scores by how well a place was seen, group by group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.calibration import ALL, LEVELS
from pipeline.evaluation.interval_sums import PIT_BINS, SUMS
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.evaluation.statistics import LEVEL, widening
from pipeline.physics.noise import addressed_random

COLUMNS = ("condition", "method", "psf", "measure", "bin", "statistic", "value", "low", "high", "groups", "n")
EVERY = "all conditions"
"""In the place of a condition: all of them together."""
RESAMPLINGS = 500
"""Behind every interval."""
KEYS = ["condition", "method", "psf", "measure"]

Floats = NDArray[np.float64]

_NAMES = tuple(f"{100 * level:.0f}" for level in LEVELS)
MEANS = {
    **{f"coverage_{name}": f"covered_{name}" for name in _NAMES},
    **{f"width_{name}": f"width_{name}" for name in _NAMES},
    **{f"interval_score_{name}": f"score_{name}" for name in _NAMES},
    **{f"constant_coverage_{name}": f"constant_covered_{name}" for name in _NAMES},
    "crps": "crps",
}
"""Statistics that are means over groups, and the sums that they are made of."""
RATIOS = {
    **{f"interval_score_ratio_{name}": (f"score_{name}", f"constant_score_{name}") for name in _NAMES},
    "crps_ratio": ("crps", "constant_crps"),
}
"""A score over that of intervals of constant width: below 1 where a spread is worth having."""


def merged(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Sums of several tables of what `gauge` writes, a row for each group and bin of each thing that is judged."""
    whole = pd.concat(tables, ignore_index=True)
    return whole.groupby([*KEYS, "fold", "unit", "bin"], as_index=False, sort=False)[["n", *SUMS]].sum()


def summarise_intervals(sums: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Summarise what `gauge` wrote.

    Every group weighs the same, whatever it holds, as in the calibration; intervals at 95% are those of a bootstrap
    over groups, and so know that the pixels of one are alike.

    Parameters
    ----------
    sums : DataFrame
        Of all conditions.
    seed : int
        The study's.

    Returns
    -------
    DataFrame
        Columns: condition (or ``all conditions``), method, psf, measure, bin (or ``all``), statistic, value, low, high,
        groups, n (values that were judged). Statistics: ``coverage_68``, ``coverage_95`` (shares that intervals of 68
        and 95% hold), ``width_68``, ... and ``interval_score_68``, ... (in the unit of the image or measure; lower is
        better), ``interval_score_ratio_68``, ... and ``crps_ratio`` (over those of intervals of one width),
        ``constant_coverage_68``, ..., ``crps``, and ``pit_0`` to ``pit_19`` (shares of the probability transform).
    """
    rows: list[dict[str, Any]] = []
    every = sums.assign(condition=EVERY)
    for table in (sums, every) if sums["condition"].nunique() > 1 else (sums,):
        for key, part in table.groupby(KEYS, sort=False):
            where = dict(zip(KEYS, key))
            for bin_ in [*BINS, ALL]:
                own = part if bin_ == ALL else part[part["bin"] == bin_]
                rows += [where | {"bin": bin_} | row for row in _rows(own, (seed, *key, bin_))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(part: pd.DataFrame, address: tuple[object, ...]) -> Iterator[dict[str, Any]]:
    if not len(part):
        return
    units = part.groupby("unit", sort=True)[["n", *SUMS]].sum()
    means = units[list(SUMS)].div(units["n"], axis=0)
    counts = {"groups": len(units), "n": int(units["n"].sum())}
    weights = _weights(len(units), address)
    for name, column in MEANS.items():
        most = 1.0 if "coverage" in name else np.inf
        yield {"statistic": name, **_estimate(means[column].to_numpy(), None, weights, most), **counts}
    for name, (score, constant) in RATIOS.items():
        found = _estimate(means[score].to_numpy(), means[constant].to_numpy(), weights)
        yield {"statistic": name, **found, **counts}
    for k in range(PIT_BINS):
        yield {"statistic": f"pit_{k}", **_estimate(means[f"pit_{k}"].to_numpy(), None, weights, 1.0), **counts}


def _weights(units: int, address: tuple[object, ...]) -> Floats:
    """How often each resampling draws each group, shape (500, units)."""
    random = addressed_random("intervals", *address)
    return random.multinomial(units, np.full(units, 1 / units), size=RESAMPLINGS) / units


def _estimate(values: Floats, over: Floats | None, weights: Floats, most: float = np.inf) -> dict[str, float]:
    """Mean over groups, or a ratio of two means, with its 95% interval, wider where groups are few; one gives none."""
    if over is None:
        over = np.ones(len(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        value, resampled = values.mean() / over.mean(), (weights @ values) / (weights @ over)
    known = resampled[np.isfinite(resampled)]
    if len(values) < 2 or not len(known):
        return {"value": float(value), "low": np.nan, "high": np.nan}
    tails = np.percentile(known, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    # None of these is ever below 0, and no share above 1.
    low, high = np.clip(value + widening(len(values)) * (tails - value), 0, most)
    return {"value": float(value), "low": float(low), "high": float(high)}
