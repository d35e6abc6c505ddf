"""Whether a restored image, seen through the instrument again, is what was observed, cell by cell.

The residual in units of the noise has a mean square of 1 and no correlation between neighbours if the image is the
truth. An image that lacks light, or has too much, leaves some of it: both are too high in the cells where it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from pipeline.audit.finding import INCONSISTENT, Finding, Interval, mean, rate
from pipeline.audit.specimen import Specimen
from pipeline.image import Image
from pipeline.measures.whitened_residual import whitened_residual
from pipeline.observation import Observation
from pipeline.tiling import Window

CELL = 16
"""Width in px of a cell, on which chi-square and correlation are measured."""
BY_CHANCE = 1e-3
"""Share of the cells of a true image that exceed either limit by chance."""
FEWEST = 0.5
"""Share of a cell's data that must be trusted."""

Map = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """What of the data an image does not explain, cell by cell: arrays of shape (rows, columns), NaN where unknown.

    Parameters
    ----------
    chi2 : array
        Mean square of the residual in units of the noise; about 1 for the truth.
    lag1 : array
        Correlation of the residual of neighbours, mean of rows and columns; about 0 for the truth.
    contradicted : array
        1 where either is higher than in 999 of 1,000 cells of a true image, else 0.
    """

    chi2: Map
    lag1: Map
    contradicted: Map


def consistency(
    specimens: Sequence[Specimen], restored: Sequence[Image], put_up_with: float, part: str = "consistency"
) -> list[Finding]:
    """Compare restored images with their data.

    Parameters
    ----------
    specimens : sequence of Specimen
    restored : sequence of Image
        What was made of each.
    put_up_with : float
        Share of the cells that may contradict an image.
    part : str
        The part of the audit that asks.

    Returns
    -------
    list of Finding
        ``chi2`` and ``lag1`` to know, and ``contradicted_cells``, which speaks for *inconsistent*. The null of each is
        the residual of the truth, which is the noise, or what theory says where there is no truth.
    """
    found = [cells_of(image, s.seen, s.counted) for s, image in zip(specimens, restored, strict=True)]
    nulls = [cells_of(s.truth, s.seen, s.counted) for s in specimens if s.truth is not None]
    findings = []
    for measure, expected in (("chi2", 1.0), ("lag1", 0.0)):
        values = _all(found, measure)
        null = mean(_all(nulls, measure)) if nulls else Interval(expected, expected, expected)
        findings.append(Finding(part, "", measure, mean(values), values.size, null))
    return [*findings, _contradicted(found, nulls, put_up_with, part)]


def _contradicted(found: Sequence[Cells], nulls: Sequence[Cells], put_up_with: float, part: str) -> Finding:
    flags = _all(found, "contradicted")
    chance = 2 * BY_CHANCE
    null = _rate(_all(nulls, "contradicted")) if nulls else Interval(chance, chance, chance)
    return Finding(part, "", "contradicted_cells", _rate(flags), flags.size, null, INCONSISTENT, put_up_with)


def cells_of(image: Image, seen: Observation, where: Window) -> Cells:
    """Look at an image cell by cell.

    Parameters
    ----------
    image : Image
        A scene on the grid of the preview, in its unit.
    seen : Observation
    where : Window
        Inside the image; rows and columns that fill no cell are left out. Of a scanner, cells are of its data, such as
        16 views by 16 bins, and all are looked at.
    """
    white, trusted = whitened_residual(image, seen, where)
    count = _summed(trusted.astype(np.float64))
    squares = _summed(white**2)
    across, pairs = _neighbours(white, trusted)
    enough = count >= FEWEST * CELL**2 * len(white)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_square = np.where(enough, squares / count, math.nan)
        lag1 = np.where(enough, across / pairs / mean_square, math.nan)
        limit = chi2.ppf(1 - BY_CHANCE, np.maximum(count, 1)) / np.maximum(count, 1)
        high = (mean_square > limit) | (lag1 > norm.ppf(1 - BY_CHANCE) / np.sqrt(pairs))
    return Cells(mean_square, lag1, np.where(enough, high.astype(np.float64), math.nan))


def _neighbours(white: Map, trusted: NDArray[np.bool_]) -> tuple[Map, Map]:
    """Sum of the products of neighbours within each cell, and how many pairs of trusted data there are."""
    products, pairs = np.zeros_like(white), np.zeros_like(white)
    for ahead, behind in (((slice(1, None), slice(None)), (slice(-1), slice(None))), ((slice(None), slice(1, None)),
                          (slice(None), slice(-1)))):  # fmt: skip
        products[(..., *behind)] += white[(..., *ahead)] * white[(..., *behind)]
        pairs[(..., *behind)] += trusted[(..., *ahead)] & trusted[(..., *behind)]
    return _summed(products), _summed(pairs)


def _summed(values: Map) -> Map:
    """Sums over bands and cells."""
    rows, columns = (length // CELL for length in values.shape[-2:])
    cut = values[:, : rows * CELL, : columns * CELL].reshape(len(values), rows, CELL, columns, CELL)
    return cut.sum((0, 2, 4))


def _all(cells: Sequence[Cells], measure: str) -> Map:
    values = np.concatenate([getattr(one, measure).ravel() for one in cells]) if cells else np.zeros(0)
    return values[np.isfinite(values)]


def _rate(flags: Map) -> Interval:
    return rate(int(flags.sum()), flags.size)
