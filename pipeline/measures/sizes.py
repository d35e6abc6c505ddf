"""How large sources are: the radii that hold a half, or another share, of their light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sep
from numpy.typing import NDArray

from pipeline.image import Mask
from pipeline.measures.catalogue import SourceList

Array = NDArray[np.floating]

SUBSAMPLING = 9
"""Parts of a pixel's side by which a circle cuts it; with sep's own 5 a radius of 2 px is wrong by up to 1%."""


def half_light_radii(plane: Array, sources: SourceList, mask: Mask | None = None) -> NDArray[np.float64]:
    """Radius of the circle about each source that holds half of the light; see :func:`light_radii`.

    Returns
    -------
    array, shape (N,)
        In px; NaN where there is no light.
    """
    return light_radii(plane, sources, (0.5,), mask)[:, 0]


def light_radii(
    plane: Array, sources: SourceList, shares: Sequence[float], mask: Mask | None = None
) -> NDArray[np.float64]:
    """Radii of circles about each source that hold shares of the light within its ellipse's longer semi-axis.

    Pixels of other sources, and masked ones, are filled with the mean of the circle's others (sep). Where the light
    does not grow outwards, as in a noisy image, the innermost radius counts.

    Parameters
    ----------
    plane : array, shape (H, W)
        One band, the sky taken off.
    sources : SourceList
    shares : sequence of float
        Between 0 and 1.
    mask : array, shape (H, W), bool, optional

    Returns
    -------
    array, shape (N, len(shares))
        In px; NaN where there is no light.
    """
    if not len(sources):
        return np.zeros((0, len(shares)))
    values = np.ascontiguousarray(plane, np.float64)
    left_out = None if mask is None else np.ascontiguousarray(mask)
    radius, _ = sep.flux_radius(
        values, sources.x, sources.y, sources.a, list(shares), mask=left_out, segmap=sources.segments,
        seg_id=sources.numbers, subpix=SUBSAMPLING,
    )  # fmt: skip
    radius = np.reshape(radius, (len(sources), len(shares)))
    # What sep cannot measure it gives as 0, as the whole circle, or as NaN.
    known = np.isfinite(radius) & (radius > 0) & (radius < sources.a[:, None])
    return np.where(known, radius, np.nan)
