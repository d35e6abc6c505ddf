"""What the measured sources say of a method: bias and scatter against the signal-to-noise of the observation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.determination import log_error, r_squared
from pipeline.evaluation.scene import OK
from pipeline.evaluation.shear import shear_bias
from pipeline.evaluation.signal_to_noise import BINS, bin_of
from pipeline.evaluation.source_measures import CENTROID, FOUND, REAL, SHEAR, source_measure
from pipeline.evaluation.sources import FAILED, LISTED, MAGNITUDE
from pipeline.evaluation.statistics import Bootstrap, Estimate

COLUMNS = (
    "condition", "method", "measure", "statistic", "axis", "bin", "value", "low", "high", "n", "asked", "flagged",
    "left_out",
)  # fmt: skip
ALL = "all"
"""The bin of every source."""
SNR, AXIS_MAGNITUDE, AXIS_FOLD = "snr", "magnitude", "fold"
R_SQUARED = "r2"
RESAMPLINGS = 200
"""Behind every interval: sources are many, and so few keep the memory small."""
FEWEST = 3
"""Sources without which no scatter is given."""
KEY = ["item", "source", "band"]
_PAIRED = {CENTROID: ("y", "x"), SHEAR: ("g1", "g2")}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Compared:
    """One measure of one method beside the truth, source by source: an error, and what it is sorted by.

    ``failed`` counts what the truth can be asked for and the method has no, or a doubtful, answer to; ``left_out`` what
    the truth itself cannot be asked for.
    """

    error: Floats
    bins: NDArray[np.str_]
    failed: NDArray[np.bool_]
    left_out: NDArray[np.bool_]
    groups: list[str]


def summarise_sources(
    truth: pd.DataFrame, restored: pd.DataFrame, condition: str, method: str, seed: int
) -> pd.DataFrame:
    """Summarise what was measured on the sources of one method under one condition.

    Bands are taken together: each source counts once in each band, in the bin of its signal-to-noise there.

    Parameters
    ----------
    truth, restored : DataFrame
        What the step ``measure`` wrote of the truth, and of what the method made of it.
    condition, method : str
    seed : int
        The study's.

    Returns
    -------
    DataFrame
        Columns: condition, method, measure, statistic, axis, bin, value, low, high, n, asked, flagged, left_out.
        ``statistic`` is ``bias`` (median error), ``scatter`` (1.4826 times the median absolute deviation), ``error``
        (median length), ``m1``, ``c1``, ``m2``, ``c2``, ``share`` or ``r2`` (r squared of log10 of light or size about
        the line measured = true); ``low`` and ``high`` bound it at 95%. ``axis`` says what the bins are of: ``snr``,
        ``magnitude``, or ``fold``, for what the networks of one fold made of items that they never saw. ``n`` counts
        sources with a value, ``asked`` those of which the truth has one; ``flagged`` those among these whose fit failed
        or is in doubt (a doubtful value counts in ``n`` too); ``left_out`` those of which the truth has none: at the
        border, masked, too faint, or not fitted.
    """
    address = (seed, condition, "sources")
    rows = [row for each in (_of_values, _of_pairs, _of_lists) for row in each(truth, restored, address)]
    table = pd.DataFrame(rows, columns=list(COLUMNS[2:]))
    table.insert(0, "method", method)
    table.insert(0, "condition", condition)
    return table


def _of_values(truth: pd.DataFrame, restored: pd.DataFrame, address: tuple[object, ...]) -> Iterator[dict[str, Any]]:
    alone = {FOUND, REAL, MAGNITUDE, LISTED, *(name for pair in _PAIRED.values() for name in pair)}
    for name in restored["measure"].unique():
        if name in alone:
            continue
        both = _beside(truth, restored, name)
        true, found = both["value_true"].to_numpy(), both["value"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = source_measure(name).comparison == "relative"
            compared = _compared(both, (found - true) / true if relative else found - true)
        bootstrap = Bootstrap(compared.groups, RESAMPLINGS, *address, name)
        yield from _rows(name, "bias", compared, bootstrap.median)
        yield from _rows(name, "scatter", compared, partial(_scatter, bootstrap=bootstrap))
        if relative:
            in_dex = replace(compared, error=log_error(found, true))
            squared = partial(r_squared, true=true, bootstrap=bootstrap)
            yield from _rows(name, R_SQUARED, in_dex, squared)
            by_fold = replace(in_dex, bins=both["fold"].astype(str).to_numpy(dtype=str))
            yield from _rows(name, R_SQUARED, by_fold, squared, AXIS_FOLD)


def _of_pairs(truth: pd.DataFrame, restored: pd.DataFrame, address: tuple[object, ...]) -> Iterator[dict[str, Any]]:
    for name, parts in _PAIRED.items():
        first, second = (_beside(truth, restored, part) for part in parts)
        if not len(first):
            continue
        differences = [(each["value"] - each["value_true"]).to_numpy() for each in (first, second)]
        compared = _compared(first, np.hypot(*differences))
        bootstrap = Bootstrap(compared.groups, RESAMPLINGS, *address, name)
        yield from _rows(name, "error", compared, bootstrap.median)
        if name != SHEAR:
            continue
        for number, each in enumerate((first, second), 1):
            line = partial(
                _line, measured=each["value"].to_numpy(), true=each["value_true"].to_numpy(), bootstrap=bootstrap
            )
            for place, letter in enumerate("mc"):
                yield from _rows(name, f"{letter}{number}", compared, partial(line, place=place))


def _of_lists(truth: pd.DataFrame, restored: pd.DataFrame, address: tuple[object, ...]) -> Iterator[dict[str, Any]]:
    for name, brightness, owner in ((FOUND, MAGNITUDE, truth), (REAL, LISTED, restored)):
        listed = restored[restored["measure"] == name]
        if not len(listed):
            continue
        usable = (listed["flag"] == OK).to_numpy()
        error = np.where(usable, listed["value"].to_numpy(), np.nan)
        groups = listed["group"].astype(str).tolist()
        bootstrap = Bootstrap(groups, RESAMPLINGS, *address, name)
        none = np.zeros(len(listed), bool)
        compared = _Compared(error, bin_of(listed["snr"].to_numpy()), none, ~usable, groups)
        share = partial(_share, bootstrap=bootstrap)
        yield from _rows(name, "share", compared, share)
        bright = owner[owner["measure"] == brightness][[*KEY, "value"]]
        if len(bright):
            magnitude = listed[KEY].merge(bright, on=KEY, how="left", validate="1:1")["value"].to_numpy()
            by_magnitude = _Compared(error, _magnitude_bins(magnitude), none, ~usable, groups)
            yield from _rows(name, "share", by_magnitude, share, AXIS_MAGNITUDE)


def _beside(truth: pd.DataFrame, restored: pd.DataFrame, name: str) -> pd.DataFrame:
    columns = [*KEY, "value", "flag"]
    of_truth = truth.loc[truth["measure"] == name, columns]
    return restored[restored["measure"] == name].merge(of_truth, on=KEY, suffixes=("", "_true"), validate="1:1")


def _compared(both: pd.DataFrame, error: Floats) -> _Compared:
    # What statmorph doubts of the truth is a value; what failed in the truth is none.
    askable = (both["value_true"].notna() & (both["flag_true"] != FAILED)).to_numpy()
    failed = askable & (both["flag"] != OK).to_numpy()
    usable = np.where(np.isfinite(error), error, np.nan)
    return _Compared(usable, bin_of(both["snr"].to_numpy()), failed, ~askable, both["group"].astype(str).tolist())


def _rows(
    name: str, statistic: str, compared: _Compared, of: Callable[[Floats], Estimate], axis: str = SNR
) -> Iterator[dict[str, Any]]:
    names = list(BINS) if axis == SNR else sorted(set(compared.bins) - {""}, key=float)
    for bin_ in [*names, *([ALL] if axis == SNR else [])]:
        within = np.ones(len(compared.error), bool) if bin_ == ALL else compared.bins == bin_
        found = of(np.where(within, compared.error, np.nan))
        yield {
            "measure": name, "statistic": statistic, "axis": axis, "bin": bin_,
            "value": found.value, "low": found.low, "high": found.high,
            "n": int(np.isfinite(compared.error[within]).sum()),
            "asked": int((~compared.left_out[within]).sum()), "flagged": int(compared.failed[within].sum()),
            "left_out": int(compared.left_out[within].sum()),
        }  # fmt: skip


def _scatter(error: Floats, bootstrap: Bootstrap) -> Estimate:
    """``1.4826 median(|e - median(e)|)``; its interval takes the median of the errors for known."""
    known = error[np.isfinite(error)]
    if len(known) < FEWEST:
        return Estimate(np.nan, np.nan, np.nan)
    spread = bootstrap.median(abs(error - np.median(known)))
    return Estimate(*(1.4826 * value for value in (spread.value, max(spread.low, 0.0), spread.high)))


def _share(of: Floats, bootstrap: Bootstrap) -> Estimate:
    found = bootstrap.mean(of)
    return Estimate(found.value, max(found.low, 0.0), min(found.high, 1.0))


def _line(error: Floats, measured: Floats, true: Floats, bootstrap: Bootstrap, place: int) -> Estimate:
    return shear_bias(np.where(np.isfinite(error), measured, np.nan), true, bootstrap)[place]


def _magnitude_bins(magnitude: Floats) -> NDArray[np.str_]:
    """The whole magnitude below each, as text; empty where there is none."""
    return np.array([f"{np.floor(m):.0f}" if np.isfinite(m) else "" for m in magnitude], dtype=str)
