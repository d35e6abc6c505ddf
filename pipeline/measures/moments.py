"""Position and shape of sources by adaptive moments: the best-fitting elliptical Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

import galsim
import numpy as np
from galsim import hsm
from numpy.typing import NDArray

from pipeline.image import Mask
from pipeline.measures.catalogue import SourceList

Array = NDArray[np.floating]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """What adaptive moments say of each source; NaN where the fit found none.

    Parameters
    ----------
    y, x : array, shape (N,)
        Centroid in px, from the middle of pixel (0, 0).
    g1, g2 : array, shape (N,)
        Reduced shear ``(a - b) / (a + b)`` along the x axis and along the diagonal; without a unit.
    """

    y: Floats
    x: Floats
    g1: Floats
    g2: Floats


def adaptive_moments(plane: Array, sources: SourceList, mask: Mask | None = None) -> Moments:
    """Measure each source with an elliptical Gaussian weight that is matched to it (galsim.hsm).

    Bernstein and Jarvis 2002 (AJ 123, 583), Hirata and Seljak 2003 (MNRAS 343, 459). Pixels of other sources, and
    masked ones, are left out. A fit that wanders off its source, by more than the source's own radius, is none.

    Parameters
    ----------
    plane : array, shape (H, W)
        One band, the sky taken off.
    sources : SourceList
        Where to look, and how far: within the longer semi-axis.
    mask : array, shape (H, W), bool, optional
    """
    values = np.asarray(plane, np.float64)
    found = [_fit(values, sources, number, mask) for number in range(len(sources))]
    y, x, g1, g2 = np.array(found, np.float64).reshape(-1, 4).T
    return Moments(y, x, g1, g2)


def _fit(values: Floats, sources: SourceList, number: int, mask: Mask | None) -> tuple[float, float, float, float]:
    y, x, radius = sources.y[number], sources.x[number], int(np.ceil(sources.a[number]))
    y0, x0 = max(round(y) - radius, 0), max(round(x) - radius, 0)
    stamp = np.s_[y0 : round(y) + radius + 1, x0 : round(x) + radius + 1]
    segments = sources.segments[stamp]
    others = (segments != 0) & (segments != number + 1)
    bad = others if mask is None else others | mask[stamp]
    fit = hsm.FindAdaptiveMom(
        galsim.Image(values[stamp].copy(), xmin=0, ymin=0),
        badpix=galsim.Image(bad.astype(np.int32), xmin=0, ymin=0),
        guess_sig=max(float(sources.core[number]), 1.0),
        guess_centroid=galsim.PositionD(x - x0, y - y0),
        strict=False,
    )
    centre = fit.moments_centroid
    if fit.moments_status != 0 or np.hypot(centre.x + x0 - x, centre.y + y0 - y) > max(sources.core[number], 2.0):
        return (np.nan,) * 4
    return centre.y + y0, centre.x + x0, fit.observed_shape.g1, fit.observed_shape.g2
