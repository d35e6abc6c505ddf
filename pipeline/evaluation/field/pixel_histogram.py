"""The histogram of pixel values, as the eye has them: linear in the noise of the sky, logarithmic in sources."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.block_means import mean_finding
from pipeline.evaluation.field.finding import Compared, curve_of_blocks

PART = "pixel_histogram"
BINS = 12
"""Between quantiles of the real sky's values, for the test ..."""
SHOWN = 48
"""... and of one width, for the eye."""

Floats = NDArray[np.float64]


def pixel_histogram(
    real: Sequence[NDArray[np.floating]], synthetic: Sequence[NDArray[np.floating]], bands: tuple[str, ...],
    *address: object,
) -> Compared:  # fmt: skip
    """Compare the shares of pixels in bins of value, band by band.

    Parameters
    ----------
    real, synthetic : sequence of array, shape (C, H, W)
        Blocks, in asinh of three sigmas of the sky; NaN where masked.
    bands : tuple of str
    """
    findings, curves = [], []
    for c, band in enumerate(bands):
        values = np.concatenate([block[c].ravel() for block in real])
        levels = np.unique(values[np.isfinite(values)])
        edges = _between(levels, np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        shares = [_shares(blocks, c, edges) for blocks in (real, synthetic)]
        # The last share follows from the others.
        findings.append(mean_finding(PART, "values", band, shares[0][:, 1:], shares[1][:, 1:], *address))
        shown = _between(levels, np.linspace(np.nanpercentile(values, 0.05), levels[-1], SHOWN + 1)[:-1])
        density = [_shares(blocks, c, shown)[:, 1:-1] / np.diff(shown) for blocks in (real, synthetic)]
        curves += curve_of_blocks(PART, "values", band, ((shown[1:] + shown[:-1]) / 2).tolist(), *density)
    return Compared(findings, curves)


def _between(levels: Floats, edges: Floats) -> Floats:
    """Edges moved to the middle between two values that occur: rounding then moves no pixel of a quantised sky."""
    above = np.clip(np.searchsorted(levels, edges, "right"), 1, len(levels) - 1)
    return np.unique((levels[above - 1].astype(np.float64) + levels[above]) / 2)


def _shares(blocks: Sequence[NDArray[np.floating]], band: int, edges: Floats) -> Floats:
    """Share of each block below, between and above the edges, shape (blocks, len(edges) + 1)."""
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    found = []
    for block in blocks:
        values = block[band][np.isfinite(block[band])]
        found.append(np.histogram(values, ends)[0] / max(values.size, 1))
    return np.array(found)
