"""Counts in cells: whether sources come in clumps, by how much their number varies from cell to cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.finding import TAILS, Compared, Curve, Finding, percentiles, perfect_range, share_as_far
from pipeline.evaluation.field.sky_blocks import BlockedCatalogue
from pipeline.physics.noise import addressed_random

PART = "counts_in_cells"
PARTS = (4, 2, 1)
"""A block is cut into so many cells along each side."""
RESAMPLINGS = 400

Floats = NDArray[np.float64]


def counts_in_cells(real: BlockedCatalogue, synthetic: BlockedCatalogue, side: int, *address: object) -> Compared:
    """Compare the variance of the number of sources in a cell over its mean (1 for sources strewn at random).

    Peebles 1980, "The Large-Scale Structure of the Universe", section 36. Findings are the synthetic sky's over the
    real one's, for each width of a cell; curves have both.

    Parameters
    ----------
    real, synthetic : BlockedCatalogue
    side : int
        Width of a block in px.
    """
    findings, curves = [], []
    for parts in PARTS:
        n, m = (_cells(table, side, parts) for table in (real, synthetic))
        random = addressed_random(*address, PART, parts)
        again, perfect, ours, theirs = (np.empty(RESAMPLINGS) for _ in range(4))
        for i in range(RESAMPLINGS):
            ours[i] = dispersion(n[random.integers(0, len(n), len(n))])
            theirs[i] = dispersion(m[random.integers(0, len(m), len(m))])
            again[i] = theirs[i] / ours[i]
            perfect[i] = dispersion(n[random.integers(0, len(n), len(m))]) / ours[i]
        here, there = dispersion(n), dispersion(m)
        value, width = there / here, side // parts
        known = perfect[np.isfinite(perfect) & (perfect > 0)]
        low, high = percentiles(again, *TAILS)
        p_value = share_as_far(abs(np.log(value)), np.abs(np.log(known)))
        findings.append(
            Finding(PART, f"dispersion_{width}px", "", value, float(low), float(high), *perfect_range(known), p_value,
                    m.size)
        )  # fmt: skip
        (low, high), (made_low, made_high) = (percentiles(values, *TAILS) for values in (ours, theirs))
        curves.append(Curve(PART, "dispersion", "", float(width), here, low, high, there, made_low, made_high))
    return Compared(findings, curves)


def dispersion(counts: Floats) -> float:
    """Variance over mean of counts."""
    mean = counts.mean()
    return float(counts.var() / mean) if mean > 0 else np.nan


def _cells(table: BlockedCatalogue, side: int, parts: int) -> Floats:
    """Counts in the cells of each block, shape (blocks, parts x parts)."""
    width = side / parts
    row, column = (((table.table[name] + 0.5) % side // width).astype(int).clip(0, parts - 1) for name in ("y", "x"))
    found = np.zeros((table.blocks, parts * parts))
    np.add.at(found, (table.table["block"].to_numpy(), (row * parts + column).to_numpy()), 1)
    return found
