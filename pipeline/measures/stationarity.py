"""Whether an image is one texture: the same everywhere, up to chance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.image import Mask

LARGEST_SPREAD = 0.5
"""Of a texture, block means vary by less than this share of what its pixels do."""
LEAST_KNOWN = 0.5
"""Share of a block that must be trusted for its mean to count."""


def block_mean_spread(blocks: Iterable[tuple[NDArray[np.floating], Mask]]) -> NDArray[np.float64]:
    """Spread of the means of blocks over the spread of their pixels, for each band, shape (C,).

    In a texture whose pixels have to do with each other over an area of A px, it is near ``sqrt(A / block area)``;
    near 1, nearly all that differs from pixel to pixel differs from block to block.

    Parameters
    ----------
    blocks : iterable of (array, array)
        Squares of one width, shape (C, H, W), and their masks (True: not trusted); at least two are needed.

    Returns
    -------
    array
        0 where all pixels have one value, or fewer than two blocks are known.
    """
    means, counts, totals, squares = [], 0.0, 0.0, 0.0
    for pixels, mask in blocks:
        values, known = np.asarray(pixels, float), ~np.asarray(mask)
        count, total = known.sum((1, 2)), np.where(known, values, 0).sum((1, 2))
        counts, totals = counts + count, totals + total
        squares = squares + np.where(known, values**2, 0).sum((1, 2))
        enough = count >= LEAST_KNOWN * known[0].size
        means.append(np.where(enough, total / np.maximum(count, 1), np.nan))
    if len(means) < 2:
        return np.zeros(len(means[0]) if means else 0)
    counted = np.isfinite(means).sum(0) > 1
    variance = squares / np.maximum(counts, 1) - (totals / np.maximum(counts, 1)) ** 2
    spread = np.array([np.nanstd(column) if many else 0.0 for column, many in zip(np.array(means).T, counted)])
    return spread / np.sqrt(np.maximum(variance, np.finfo(float).tiny)) * (variance > 0)
