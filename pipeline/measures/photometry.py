"""Whether sources keep their light: aperture sums at places that are fixed by the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.image import DISPLAY, Mask
from pipeline.measures.detection import SMALLEST_AREA, detect
from pipeline.measures.fluxes import inside, light_within_circles
from pipeline.measures.sky import sky_level_and_sigma

Array = NDArray[np.floating]

FAINTEST = 5.0
"""A sum in the truth below this many sigmas of its sky is not divided by."""
FEWEST = 3
"""Sources without which a scatter is not given."""


@dataclass(frozen=True)
class Sources:
    """Where the sources of a truth are, and the sky about them.

    Parameters
    ----------
    y, x : array, shape (N,)
        Centroids in px, from the middle of pixel (0, 0).
    sky, sky_sigma : array, shape (C,)
        Level and noise of the truth's sky per band, in its unit.
    """

    y: NDArray[np.float64]
    x: NDArray[np.float64]
    sky: NDArray[np.float64]
    sky_sigma: NDArray[np.float64]


def find_sources(truth: Array, detection: float, mask: Mask | None = None) -> Sources:
    """Find the sources of a truth on the mean of its bands (SExtractor: Bertin and Arnouts 1996, A&AS 117, 393; sep).

    Parameters
    ----------
    truth : array, shape (C, H, W)
    detection : float
        A source has 5 connected pixels above this many sigmas of the sky of the mean.
    mask : array, shape (C, H, W), bool, optional
        True where a pixel is left out.

    Returns
    -------
    Sources
        None where hardly a pixel is left or the image is constant.
    """
    flagged: Mask = np.zeros(truth.shape[-2:], bool) if mask is None else np.any(mask, 0)
    seen = detect(truth, flagged, detection)
    y, x = (np.zeros(0) if seen is None else seen.found[name].astype(float) for name in ("y", "x"))
    if np.count_nonzero(~flagged) < SMALLEST_AREA:
        unknown = np.full(len(truth), math.nan)
        return Sources(y, x, unknown, unknown)
    sky = np.array([sky_level_and_sigma(band[~flagged]) for band in np.asarray(truth, np.float64)])
    return Sources(y, x, sky[:, 0], sky[:, 1])


def relative_errors(
    restored: Array, truth: Array, sources: Sources, radius: float, mask: Mask | None = None
) -> NDArray[np.float64]:
    """``(restored - truth) / truth`` of the light within a circle about each source, above the truth's sky.

    One sky, the truth's, is taken off both: a restorer that shifts the sky is charged for it. An aperture counts where
    it lies within the image, holds no masked pixel, and holds light of the truth above 5 sigmas of its sky.

    Parameters
    ----------
    restored, truth : array, shape (C, H, W)
        In one unit.
    sources : Sources
    radius : float
        Of the aperture, in px.
    mask : array, shape (C, H, W), bool, optional
        True where a pixel is left out.

    Returns
    -------
    array, shape (C, N)
        Without a unit; NaN where an aperture does not count.
    """
    errors = np.full((len(truth), len(sources.y)), math.nan)
    if not len(sources.y):
        return errors
    within = inside(sources, radius, truth.shape[-2:])
    faintest = FAINTEST * sources.sky_sigma * math.sqrt(math.pi) * radius
    for band in range(len(truth)):
        sums = [light_within_circles(image[band] - sources.sky[band], sources, radius) for image in (restored, truth)]
        counted = within & (sums[1] > faintest[band])
        if mask is not None:
            counted &= light_within_circles(mask[band].astype(np.float64), sources, radius) == 0
        errors[band, counted] = (sums[0][counted] - sums[1][counted]) / sums[1][counted]
    return errors


def bias_and_scatter(errors: NDArray[np.floating]) -> tuple[float, float]:
    """Median, and normalised median absolute deviation, of the relative errors of sources and bands.

    Neither has a unit. The median (nearest to 0 is better) is the light that a typical source gains or loses; the
    deviation, ``1.4826 median(|e - median(e)|)`` (lower is better), is the sigma of a Gaussian and blind to a few
    failures (Hoaglin, Mosteller and Tukey 1983).

    Parameters
    ----------
    errors : array, shape (C, N)
        NaN where an aperture does not count; see :func:`relative_errors`.

    Returns
    -------
    bias, scatter : float
        NaN without a source; the scatter is NaN with fewer than 3.
    """
    counted = errors[np.isfinite(errors)]
    if not counted.size:
        return math.nan, math.nan
    bias = float(np.median(counted))
    if np.count_nonzero(np.isfinite(errors).any(0)) < FEWEST:
        return bias, math.nan
    return bias, 1.4826 * float(np.median(abs(counted - bias)))


def aperture_metric_names(unit: str, radius: float) -> tuple[str, str]:
    """Names of the two metrics of an aperture: ``flux`` only where the unit is one in which flux can be measured."""
    quantity = "aperture" if unit == DISPLAY else "flux"
    return f"{quantity}_bias_r{radius:g}", f"{quantity}_nmad_r{radius:g}"
