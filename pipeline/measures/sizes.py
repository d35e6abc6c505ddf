"""How large sources are: the radius that holds half of their light."""

from __future__ import annotations

import numpy as np
import sep
from numpy.typing import NDArray

from pipeline.image import Mask
from pipeline.measures.catalogue import SourceList

Array = NDArray[np.floating]

SUBSAMPLING = 9
"""Parts of a pixel's side by which a circle cuts it; with sep's own 5 a radius of 2 px is wrong by up to 1%."""


def half_light_radii(plane: Array, sources: SourceList, mask: Mask | None = None) -> NDArray[np.float64]:
    """Radius of the circle about each source that holds half of the light within its ellipse's longer semi-axis.

    Pixels of other sources, and masked ones, are filled with the mean of the circle's others (sep). Where the light
    does not grow outwards, as in a noisy image, the innermost radius counts.

    Parameters
    ----------
    plane : array, shape (H, W)
        One band, the sky taken off.
    sources : SourceList
    mask : array, shape (H, W), bool, optional

    Returns
    -------
    array, shape (N,)
        In px; NaN where there is no light.
    """
    if not len(sources):
        return np.zeros(0)
    values = np.ascontiguousarray(plane, np.float64)
    left_out = None if mask is None else np.ascontiguousarray(mask)
    radius, _ = sep.flux_radius(
        values, sources.x, sources.y, sources.a, 0.5, mask=left_out, segmap=sources.segments, seg_id=sources.numbers,
        subpix=SUBSAMPLING,
    )  # fmt: skip
    # What sep cannot measure it gives as 0, as the whole circle, or as NaN.
    known = np.isfinite(radius) & (radius > 0) & (radius < sources.a)
    return np.where(known, radius, np.nan)
