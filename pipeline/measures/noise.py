"""White noise of an image, measured on its background, where no second exposure tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.measures.sky import sky_of_parts
from pipeline.windowed import Plane

SKY_WITHIN = 3.0
"""Where 2 x 2 px are brighter or darker than the sky by more than this many sigmas, there is a source."""
FEWEST = 50
"""Differences that are needed for a standard deviation good to 10%."""


class NoiseEstimateError(ClearfieldError):
    """A noise that cannot be measured on the image."""


def white_noise_sigma(plane: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    """Standard deviation of the noise that is independent from pixel to pixel, on the sky of one band.

    From the diagonal differences ``(a - b - c + d) / 2`` of 2 x 2 px, the finest scale of Haar's wavelet, which see
    white noise in full and a blurred scene hardly at all (Donoho and Johnstone 1994, Biometrika 81, 425); all four
    phases are taken. Sources are left out, and what remains of them is clipped at 3 sigma, so that photon noise counts
    as the sky has it. Noise that resampling or compression has made smooth is underestimated.

    Parameters
    ----------
    plane : array, shape (H, W)
        Any linear unit.
    mask : array, shape (H, W), bool
        True where a pixel is not to be trusted.

    Returns
    -------
    float
        In the unit of ``plane``.

    Raises
    ------
    NoiseEstimateError
        If there is too little background, or it holds no noise at all.
    """
    return white_noise_of_strips(lambda: [Plane(plane, mask)])


def white_noise_of_strips(strips: Callable[[], Iterable[Plane]]) -> float:
    """As :func:`white_noise_sigma`, of a band that comes in strips, each with the last row of the one before it again.

    How the band is cut into strips makes no difference. It is read five times.
    """
    count = sum(mean.size for mean, _ in _means_and_details(strips))
    if count < FEWEST:
        raise NoiseEstimateError("too few trusted pixels side by side to estimate the noise on")
    level, spread = sky_of_parts(lambda: (mean for mean, _ in _means_and_details(strips)))
    sigma = sky_of_parts(
        lambda: (detail[np.abs(mean - level) <= SKY_WITHIN * spread] for mean, detail in _means_and_details(strips))
    )[1]
    if not sigma > 0:
        raise NoiseEstimateError("the background holds no noise that could be measured")
    return sigma


def _means_and_details(strips: Callable[[], Iterable[Plane]]) -> Iterator[tuple[NDArray, NDArray]]:
    """Mean and diagonal difference of all that is trusted of 2 x 2 px, strip by strip."""
    for plane, mask, _ in strips():
        a, b, c, d = (plane[y : y - 1 or None, x : x - 1 or None] for y in (0, 1) for x in (0, 1))
        trusted = ~(mask[:-1, :-1] | mask[:-1, 1:] | mask[1:, :-1] | mask[1:, 1:])
        yield ((a + b + c + d) / 4)[trusted], ((a - b - c + d) / 2)[trusted]
