"""Finding sources: connected pixels that stand out of the sky in the mean of the bands."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import sep
from numpy.typing import NDArray

from pipeline.measures.sky import sky_level_and_sigma

SMALLEST_AREA = 5
"""Pixels above the threshold that make a source; fewer are spikes of the noise."""
FLATTEST = 1e-6
"""Of its span, the noise of a sky at least: a simulated truth may have none at all."""
LEAST_BUFFER = 300_000
"""Pixels that sep makes room for by itself; larger images are told to it."""


class Detected(NamedTuple):
    """What stands out of the sky of an image."""

    mean: NDArray[np.float64]
    """Of the bands, the sky taken off, shape (H, W)."""
    found: NDArray[Any]
    """A line for each source, as sep has it."""
    segments: NDArray[np.int32]
    """0 where the sky is, n + 1 where source n is, shape (H, W)."""
    threshold: float
    """What a pixel of a source is brighter than the sky by."""


def detect(
    image: NDArray[np.floating], flagged: NDArray[np.bool_], detection: float, floor: float = 0.0
) -> Detected | None:
    """Find sources in the mean of the bands (SExtractor: Bertin and Arnouts 1996, A&AS 117, 393; sep).

    Parameters
    ----------
    image : array, shape (C, H, W)
    flagged : array, shape (H, W), bool
        True where a pixel is left out.
    detection : float
        A source has 5 connected pixels above this many sigmas of the sky of the mean.
    floor : float
        The threshold is no lower than this, in the unit of the image.

    Returns
    -------
    Detected or None
        None where hardly a pixel is left or the image is constant.
    """
    if np.count_nonzero(~flagged) < SMALLEST_AREA:
        return None
    mean = np.asarray(image, np.float64).mean(0)
    level, sigma = sky_level_and_sigma(mean[~flagged])
    threshold = max(detection * max(sigma, FLATTEST * float(np.ptp(mean[~flagged]))), floor)
    return None if threshold == 0 else detect_above(mean - level, flagged, threshold)


def detect_above(mean: NDArray[np.floating], flagged: NDArray[np.bool_], threshold: float) -> Detected:
    """Find what is brighter than a threshold, in the mean of the bands with the sky taken off, shape (H, W)."""
    values = np.ascontiguousarray(mean, np.float64)
    sep.set_extract_pixstack(max(LEAST_BUFFER, values.size))
    found, segments = sep.extract(
        values, threshold, mask=flagged, minarea=SMALLEST_AREA, filter_kernel=None, segmentation_map=True
    )
    return Detected(values, found, segments, threshold)
