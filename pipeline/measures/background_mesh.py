"""SExtractor's background mesh, measured box by box and drawn window by window, so for images of any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.spatial import KDTree

from pipeline.image import Mask, Pixels
from pipeline.measures.sky import sky_of_parts
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage

LEAST_TRUSTED = 0.5
"""A box of which less is trusted takes the level of its nearest neighbours."""


def measure_mesh(image: WindowedImage, band: int, box: int) -> Callable[[Window], Pixels]:
    """Measure the mesh of one band (Bertin and Arnouts 1996, A&AS 117, 393).

    A clipped level per box by ``sep``, a median over 3 x 3 boxes, and cubics through the middles of the boxes: to
    rounding what ``sep.Background`` gives of a band in memory. Only the levels of the boxes are held, one number each.

    Returns
    -------
    callable
        ``level(window)``, shape (H, W), in the unit of the image.
    """
    # sep works in float32 throughout: about the sky and in units of its noise, no unit and no pedestal can upset it.
    level, sigma = sky_of_parts(lambda: (plane.pixels[~plane.mask] for plane in image.strips(band)))
    scale = sigma if sigma > 0 else 1.0
    levels = _smoothed(_completed(_levels(image, band, box, level, scale)))
    bends = _bends(levels)

    def drawn(window: Window) -> Pixels:
        # In SExtractor the middle of a box lies half a pixel lower than it should; across, it lies where it should.
        rows = np.arange(window.y0, window.y1) / box - 0.5
        columns = (np.arange(window.x0, window.x1) + 0.5) / box - 0.5
        nodes = _joined(levels, bends, rows).T
        # A single row of boxes is joined by straight lines.
        across = _joined(nodes, _bends(nodes) if len(levels) > 1 else np.zeros_like(nodes), columns)
        return (across.T * scale + level).astype(np.float32)

    return drawn


def _levels(image: WindowedImage, band: int, box: int, level: float, scale: float) -> NDArray[np.float64]:
    """Clipped level of each box, NaN where too little of it is trusted."""
    levels = np.full((-(-image.shape[-2] // box), -(-image.shape[-1] // box)), np.nan)
    for part in tiles(image.area, 1024, box):
        plane = image.read(band, part)
        relative = ((plane.pixels - level) / scale).astype(np.float32)
        for one in tiles(part, box):
            here = one.relative_to(part).slices
            levels[one.y0 // box, one.x0 // box] = _level(relative[here], plane.mask[here])
    return levels


def _level(pixels: Pixels, mask: Mask) -> float:
    if (~mask).mean() < LEAST_TRUSTED:
        return np.nan
    height, width = pixels.shape
    pixels, mask = np.ascontiguousarray(pixels), np.ascontiguousarray(mask)
    return sep.Background(pixels, mask=mask, bw=width, bh=height, fw=1, fh=1).globalback


def _completed(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """A box without a level takes the mean of those that lie nearest."""
    missing = np.isnan(levels)
    if missing.all():
        return np.zeros_like(levels)
    there, known = KDTree(np.argwhere(~missing)), levels[~missing]
    completed = levels.copy()
    for place in np.argwhere(missing):
        distance, _ = there.query(place)
        completed[tuple(place)] = known[there.query_ball_point(place, distance * (1 + 1e-9))].mean()
    return completed


def _smoothed(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median over 3 x 3 boxes; along the border over the 3 that lie along it, and a corner stays."""
    smoothed = levels.copy()
    smoothed[1:-1, 1:-1] = median_filter(levels, 3)[1:-1, 1:-1]
    smoothed[[0, -1], 1:-1] = median_filter(levels, (1, 3))[[0, -1], 1:-1]
    smoothed[1:-1, [0, -1]] = median_filter(levels, (3, 1))[1:-1, [0, -1]]
    return smoothed


def _joined(
    levels: NDArray[np.float64], bends: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values along the first axis at ``places`` between, or beyond, levels that stand at 0, 1, 2, ..."""
    if len(levels) == 1:
        return np.repeat(levels, len(places), axis=0)
    low = np.clip(np.floor(places).astype(int), 0, len(levels) - 2)
    up = (places - low)[:, None]
    down = 1 - up
    straight = down * levels[low] + up * levels[low + 1]
    return straight + (down**3 - down) * bends[low] + (up**3 - up) * bends[low + 1]


def _bends(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Second derivatives over 6 of the cubics along the first axis that join levels at 0, 1, 2, ...

    SExtractor's, for a natural spline but for a slip that is kept here: going back, it divides by 6 once too often.
    """
    bends, share = np.zeros_like(levels), np.zeros(len(levels))
    for n in range(1, len(levels) - 1):
        share[n] = 1 / (4 - share[n - 1])
        bends[n] = share[n] * (6 * (levels[n + 1] + levels[n - 1] - 2 * levels[n]) - bends[n - 1])
    for n in range(len(levels) - 2, 0, -1):
        bends[n] = (bends[n] - share[n] * bends[n + 1]) / 6
    return bends
