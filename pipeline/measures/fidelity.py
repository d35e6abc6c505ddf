"""How close a restored image is to the truth, pixel by pixel: PSNR, SSIM and mean absolute error."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from skimage.metrics import structural_similarity

from pipeline.image import Mask

Array = NDArray[np.floating]

EQUAL = 200.0
"""PSNR in dB of two equal images, more than digits of 32 bits give two different ones: an infinite one has no mean, and
none would be equal to it."""
SSIM_SIGMA = 1.5
"""Standard deviation in px of SSIM's Gaussian window (Wang et al. 2004, section III.B) ..."""
SSIM_RADIUS = 5
"""... which they cut at 11 x 11 px."""


def psnr(restored: Array, truth: Array, data_range: float, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio, ``10 log10(data_range^2 / mean((restored - truth)^2))``, over all bands jointly.

    In dB; higher is better. The range is the study's (the span of the 0.05 to 99.95 percentiles of its truth), never
    the image's own, so that one error gives one score on a bright image and on a faint one. Compare values of one study
    only: PSNR ranks methods on the same images, not across images (Huynh-Thu, Ghanbari 2008, Electron. Lett. 44, 800).

    Parameters
    ----------
    restored, truth : array, shape (C, H, W)
        In one unit.
    data_range : float
        In the same unit; above 0.
    mask : array, shape (C, H, W), bool, optional
        True where a pixel is left out.

    Returns
    -------
    float
        :data:`EQUAL` where the two are equal, or as good as that; NaN where no pixel is left.
    """
    difference = _differences(restored, truth, mask)
    error = _mean(difference * difference)
    if error == 0:
        return EQUAL
    return min(10 * math.log10(data_range**2 / error), EQUAL) if error == error else math.nan


def mae(restored: Array, truth: Array, mask: Mask | None = None) -> float:
    """Mean absolute error, ``mean(|restored - truth|)``, over all bands jointly.

    In the unit of the images; lower is better. Unlike PSNR it is not ruled by the few brightest pixels.

    Parameters
    ----------
    restored, truth : array, shape (C, H, W)
        In one unit.
    mask : array, shape (C, H, W), bool, optional
        True where a pixel is left out.

    Returns
    -------
    float
        NaN where no pixel is left.
    """
    return _mean(abs(_differences(restored, truth, mask)))


def ssim(restored: Array, truth: Array, data_range: float, mask: Mask | None = None) -> float:
    """Structural similarity, from -1 to 1 (equal), averaged over the bands; higher is better.

    Local means, variances and covariance under a Gaussian window of 1.5 px, 11 x 11 px wide, with ``K1 = 0.01`` and
    ``K2 = 0.03`` (Wang, Bovik, Sheikh and Simoncelli 2004, IEEE TIP 13, 600). A position counts only where its whole
    window lies inside the image and holds no masked pixel: a rim of 5 px is left out, and so is whatever lies within
    5 px of a masked pixel.

    Parameters
    ----------
    restored, truth : array, shape (C, H, W)
        In one unit.
    data_range : float
        In the same unit; above 0.
    mask : array, shape (C, H, W), bool, optional
        True where a pixel is left out.

    Returns
    -------
    float
        Mean over the bands that have a position left; NaN where none has, as in images below 11 px.
    """
    width = 2 * SSIM_RADIUS + 1
    if min(truth.shape[-2:]) < width:
        return math.nan
    scores = []
    for band in range(truth.shape[0]):
        _, similarity = structural_similarity(
            np.asarray(truth[band], np.float64),
            np.asarray(restored[band], np.float64),
            data_range=data_range,
            gaussian_weights=True,
            sigma=SSIM_SIGMA,
            use_sample_covariance=False,
            full=True,
        )
        counted = np.zeros(similarity.shape, bool)
        counted[SSIM_RADIUS:-SSIM_RADIUS, SSIM_RADIUS:-SSIM_RADIUS] = True
        if mask is not None and mask[band].any():
            counted &= ~binary_dilation(mask[band], np.ones((width, width), bool))
        if counted.any():
            scores.append(similarity[counted].mean())
    return float(np.mean(scores)) if scores else math.nan


def _differences(restored: Array, truth: Array, mask: Mask | None) -> NDArray[np.float64]:
    # In double precision: the mean of squares of a million float32 pixels loses the fourth digit of a good PSNR.
    difference = np.asarray(restored, np.float64) - np.asarray(truth, np.float64)
    return difference.ravel() if mask is None else difference[~mask]


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else math.nan
