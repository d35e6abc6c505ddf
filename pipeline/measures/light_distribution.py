"""How the light of a source lies over its own pixels: Gini's coefficient and M20, for catalogues of many sources.

:mod:`~pipeline.measures.morphology` measures both on a footprint of its own making, which takes 0.4 s per source; here
the footprint is the segment of the catalogue, and ten thousand sources take seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from pipeline.measures.catalogue import SourceList

Array = NDArray[np.floating]
Floats = NDArray[np.float64]

BRIGHTEST = 0.2
"""Share of the light whose second moment M20 takes."""


class LightDistribution(NamedTuple):
    """Pure numbers, shape (N,) each; NaN where a segment holds no light or is a single point."""

    gini: Floats
    m20: Floats


def light_distribution(plane: Array, sources: SourceList) -> LightDistribution:
    """Gini's coefficient and M20 (Lotz, Primack and Madau 2004, AJ 128, 163, equations 6 to 8) on each segment.

    Parameters
    ----------
    plane : array, shape (H, W)
        One band, the sky taken off.
    sources : SourceList
    """
    gini, m20 = np.full(len(sources), np.nan), np.full(len(sources), np.nan)
    for number, part in enumerate(find_objects(sources.segments, len(sources))):
        if part is None:
            continue
        rows, columns = np.nonzero(sources.segments[part] == number + 1)
        light = np.asarray(plane[part][rows, columns], np.float64)
        gini[number] = gini_coefficient(light)
        m20[number] = _m20(light, rows, columns)
    return LightDistribution(gini, m20)


def gini_coefficient(light: Floats) -> float:
    """How unevenly light is spread over pixels: 0 evenly, 1 all in one; of absolute values, as Lotz et al. have it."""
    values = np.sort(np.abs(light))
    count, mean = len(values), values.mean() if len(values) else 0.0
    if count < 2 or mean == 0:
        return float("nan")
    return float(((2 * np.arange(1, count + 1) - count - 1) * values).sum() / (mean * count * (count - 1)))


def _m20(light: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> float:
    total = light.sum()
    if len(light) < 2 or total <= 0:
        return float("nan")
    y, x = (light * rows).sum() / total, (light * columns).sum() / total
    moment = light * ((rows - y) ** 2 + (columns - x) ** 2)
    order = np.argsort(-light, kind="stable")
    brightest = order[np.cumsum(light[order]) < BRIGHTEST * total]
    # Of a source so peaked that its brightest pixel has a fifth of the light, that pixel counts.
    share = moment[brightest if len(brightest) else order[:1]].sum() / moment.sum() if moment.sum() > 0 else 0.0
    return float(np.log10(share)) if share > 0 else float("nan")
