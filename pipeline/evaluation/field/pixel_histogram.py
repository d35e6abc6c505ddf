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
        values = values[np.isfinite(values)]
        edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        edges = np.concatenate([[-np.inf], edges, [np.inf]])
        findings.append(
            mean_finding(PART, "values", band, _shares(real, c, edges)[:, 1:], _shares(synthetic, c, edges)[:, 1:],
                         *address)
        )  # fmt: skip
        low, high = np.percentile(values, 0.05), values.max()
        even = np.linspace(low, high, SHOWN + 1)
        ends = np.concatenate([[-np.inf], even[1:-1], [np.inf]])
        density = [_shares(blocks, c, ends) / (even[1] - even[0]) for blocks in (real, synthetic)]
        curves += curve_of_blocks(PART, "values", band, ((even[1:] + even[:-1]) / 2).tolist(), *density)
    return Compared(findings, curves)


def _shares(blocks: Sequence[NDArray[np.floating]], band: int, edges: Floats) -> Floats:
    found = []
    for block in blocks:
        values = block[band][np.isfinite(block[band])]
        found.append(np.histogram(values, edges)[0] / max(values.size, 1))
    return np.array(found)
