"""Number counts: how many sources there are at every brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.block_means import mean_finding
from pipeline.evaluation.field.finding import (
    TAILS,
    Compared,
    Finding,
    curve_of_blocks,
    percentiles,
    perfect_range,
    share_as_far,
)
from pipeline.evaluation.field.sky_blocks import BlockedCatalogue
from pipeline.physics.noise import addressed_random

PART = "number_counts"
BINS = 8
"""Of magnitude, between quantiles of the real sky's, for the test ..."""
SHOWN, SHOWN_BETWEEN = 12, (0.01, 0.99)
"""... and of one width between these quantiles, for the eye."""
RESAMPLINGS = 400
MEGAPIXEL = 1e6

Floats = NDArray[np.float64]


def number_counts(
    real: BlockedCatalogue, synthetic: BlockedCatalogue, bands: tuple[str, ...], side: int, *address: object
) -> Compared:
    """Compare counts per bin of magnitude, and in all, per area that is not masked.

    Of a band in which the real sky has fewer than 8 sources, nothing is said.

    Parameters
    ----------
    real, synthetic : BlockedCatalogue
    bands : tuple of str
    side : int
        Width of a block in px.
    """
    findings, curves = [_density(real, synthetic, address)], []
    per_area = MEGAPIXEL / side**2
    for band in bands:
        name = f"magnitude_{band}"
        if np.isfinite(real.table[name]).sum() < BINS:
            continue
        edges = _edges(real.table[name].to_numpy())
        counts = [_counts(table, name, edges) for table in (real, synthetic)]
        findings.append(mean_finding(PART, "counts", band, *counts, *address))
        low, high = np.nanquantile(real.table[name], SHOWN_BETWEEN)
        even = np.linspace(low, high, SHOWN + 1)
        middles = (even[1:] + even[:-1]) / 2
        density = [per_area * _counts(table, name, even) / (even[1] - even[0]) for table in (real, synthetic)]
        curves += curve_of_blocks(PART, "counts", band, middles.tolist(), *density)
    return Compared(findings, curves)


def _density(real: BlockedCatalogue, synthetic: BlockedCatalogue, address: tuple[object, ...]) -> Finding:
    """Sources per area, synthetic over real."""
    n, m = (np.bincount(t.table["block"], minlength=t.blocks) / t.trusted for t in (real, synthetic))
    random = addressed_random(*address, PART, "density")
    again, perfect = np.empty(RESAMPLINGS), np.empty(RESAMPLINGS)
    for i in range(RESAMPLINGS):
        drawn = n[random.integers(0, len(n), len(n))].mean() or np.nan
        again[i] = m[random.integers(0, len(m), len(m))].mean() / drawn
        perfect[i] = n[random.integers(0, len(n), len(m))].mean() / drawn
    value = float(m.mean() / n.mean()) if n.any() else np.nan
    low, high = percentiles(again, *TAILS)
    known = perfect[perfect > 0]
    p_value = share_as_far(abs(np.log(max(value, 1e-9))), np.abs(np.log(known))) if np.isfinite(value) else np.nan
    return Finding(PART, "density", "", value, low, high, *perfect_range(known), p_value, len(synthetic.table))


def _edges(values: Floats) -> Floats:
    inner = np.quantile(values[np.isfinite(values)], np.linspace(0, 1, BINS + 1))
    # What is brighter or fainter than all of the real sky counts in the outermost bins.
    inner[0], inner[-1] = -np.inf, np.inf
    return inner


def _counts(table: BlockedCatalogue, name: str, edges: Floats) -> Floats:
    values, block = table.table[name].to_numpy(), table.table["block"].to_numpy()
    bins = np.searchsorted(edges, values, "right") - 1
    within = np.isfinite(values) & (bins >= 0) & (bins < len(edges) - 1)
    found = np.zeros((table.blocks, len(edges) - 1))
    np.add.at(found, (block[within], bins[within]), 1)
    return found / table.trusted[:, None]
