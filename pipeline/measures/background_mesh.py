"""SExtractor's background mesh, measured box by box and drawn window by window, so for images of any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
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

    A clipped level per box by ``sep``, a median over 3 x 3 boxes, and natural splines through the middles of the boxes;
    where the whole band fits into memory, this is what ``sep.Background`` gives, to rounding. Only the levels of the
    boxes are held, one number each.

    Returns
    -------
    callable
        ``level(window)``, shape (H, W), in the unit of the image.
    """
    # sep works in float32 throughout: about the sky and in units of its noise, no unit and no pedestal can upset it.
    level, sigma = sky_of_parts(lambda: (plane.pixels[~plane.mask] for plane in image.strips(band)))
    scale = sigma if sigma > 0 else 1.0
    levels = _smoothed(_completed(_levels(image, band, box, level, scale)))
    down = _spline(levels)

    def drawn(window: Window) -> Pixels:
        # In SExtractor the middle of a box lies half a pixel lower than it should; across, it lies where it should.
        rows = np.arange(window.y0, window.y1) / box - 0.5
        columns = (np.arange(window.x0, window.x1) + 0.5) / box - 0.5
        return (_spline(down(rows).T)(columns).T * scale + level).astype(np.float32)

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


def _spline(levels: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Natural spline along the first axis, through values at 0, 1, 2, ...; one value holds everywhere."""
    if len(levels) == 1:
        return lambda places: np.repeat(levels, len(places), axis=0)
    return CubicSpline(np.arange(len(levels)), levels, bc_type="natural")
