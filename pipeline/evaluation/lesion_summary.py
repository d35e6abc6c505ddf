"""How well lesions are seen in what each method makes of a scan, with intervals over groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.statistics import LEVEL, widening
from pipeline.measures.disk_response import frequencies
from pipeline.measures.model_observer import detectability, template
from pipeline.physics.noise import addressed_random

COLUMNS = (
    *("condition", "method", "contrast", "statistic", "frequency", "value", "low", "high"),
    *("lesions", "groups"),
)
DETECTABILITY, SHARE, CONTRAST = "detectability", "over_undegraded", "recovered_contrast"
TRANSFER, NOISE = "transfer", "noise_power"
UNDEGRADED = "undegraded"
"""In the place of a method: the image made without a prior of a scan that was not degraded."""
RESAMPLINGS = 400
FEWEST = 4
"""Groups from which a reader is trained and judged."""

Numbers = NDArray[np.float64]
Drawn = list[NDArray[np.intp]]
"""Rows of the lesions of two halves of the groups."""


class Readings:
    """Those of one method and contrast under one condition, a row for each lesion, in an order that all share.

    Parameters
    ----------
    rows : DataFrame
        Of what ``implant`` wrote.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        rows = rows.sort_values(["group", "item", "lesion"])
        self.absent, self.present, self.transfer, self.power, self.disk = (
            rows[[name for name in map(str, rows) if name.startswith(f"{kind}_")]].to_numpy(float)
            for kind in ("absent", "present", "transfer", "power", "disk")
        )
        self.recovered = rows["recovered"].to_numpy(float)
        self.group = rows["group"].to_numpy(str)
        width = int(rows["patch_px"].iloc[0])
        pixel = float(rows["patch_mm"].iloc[0]) / width
        # In cycles/mm.
        self.frequency, self.pixel_area = frequencies(width) / pixel, pixel**2

    def detectability(self, halves: Drawn) -> float:
        """Mean over two readers, each trained on one half of the groups and judged on the other."""
        found = []
        for taught, judged in (halves, halves[::-1]):
            weights = template(self.absent[taught], self.present[taught])
            found.append(detectability(self.absent[judged] @ weights, self.present[judged] @ weights))
        return float(np.mean(found))

    def noise(self, drawn: Drawn) -> Numbers:
        """Power of the noise of one image, ring by ring: what scatters about the mean response, half of it."""
        taken = np.concatenate(drawn)
        mean_response = np.square(self.transfer[taken].mean(0)) * self.disk[taken].mean(0)
        power: Numbers = (self.power[taken].mean(0) - mean_response) / 2 * self.pixel_area
        return power


class _Statistic(NamedTuple):
    name: str
    frequency: Numbers
    values: Numbers


def summarise_lesions(undegraded: pd.DataFrame, rows: pd.DataFrame, seed: int) -> Iterator[tuple[object, ...]]:
    """Rows of ``lesions.csv`` of one method, contrast and condition, see :data:`COLUMNS`.

    A reader is trained on half of the groups and judged on the others, and the other way round. Intervals of 95% are
    percentiles of a bootstrap over the groups within each half, drawn alike for all methods, and widened where groups
    are few. Nothing is said of fewer
    than :data:`FEWEST` groups.

    Parameters
    ----------
    undegraded, rows : DataFrame
        What ``implant`` wrote, of the scan that nothing was taken from, and of the method.
    seed : int
    """
    best, own = Readings(undegraded), Readings(rows)
    groups = np.unique(own.group)
    if len(groups) < FEWEST:
        return
    members = {group: np.flatnonzero(own.group == group) for group in groups}
    halves, random = [groups[::2], groups[1::2]], addressed_random(seed, "lesions", len(groups))

    def found(halves: list[NDArray[np.str_]]) -> list[_Statistic]:
        return _statistics(own, best, [np.concatenate([members[group] for group in half]) for half in halves])

    whole = found(halves)
    several = [found([random.choice(half, len(half)) for half in halves]) for _ in range(RESAMPLINGS)]
    of = tuple(rows[name].iloc[0] for name in ("condition", "method", "contrast"))
    for number, (name, frequency, values) in enumerate(whole):
        drawn = np.stack([each[number].values for each in several])
        tails = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
        low, high = values + widening(len(groups)) * (tails - values)
        for each in zip(frequency, values, low, high):
            yield *of, name, *each, len(own.group), len(groups)


def _statistics(own: Readings, best: Readings, drawn: Drawn) -> list[_Statistic]:
    nowhere, taken = np.array([np.nan]), np.concatenate(drawn)
    seen = own.detectability(drawn)
    return [
        _Statistic(DETECTABILITY, nowhere, np.array([seen])),
        _Statistic(SHARE, nowhere, np.array([seen / best.detectability(drawn)])),
        _Statistic(CONTRAST, nowhere, own.recovered[taken].mean(keepdims=True)),
        _Statistic(TRANSFER, own.frequency, own.transfer[taken].mean(0)),
        _Statistic(NOISE, own.frequency, own.noise(drawn)),
    ]
