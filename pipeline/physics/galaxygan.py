"""How GalaxyGAN degraded its galaxies, number by number, for studies that repeat it (``degrade.protocol: galaxygan``).

Schawinski, Zhang, Zhang, Fowler and Santhanam 2017, MNRAS 467, L110 (arXiv 1702.00403); where the paper is silent, its
code ``roou.m`` (SpaceML/GalaxyGAN) is followed. Pixels are SDSS fluxes in nanomaggies. Not repeated here: the Python
port's PSF cut at 5 x 5 px, and the 8-bit JPEG through which all results pass.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.errors import ClearfieldError

PIXEL_SCALE = 0.396
"""Width of an SDSS pixel in arcsec; sigma of the blur is FWHM / 0.396 / 2.355 px."""
SKY_BELOW = 0.1
"""Pixels within this many nanomaggies of zero are taken for sky."""
LOWEST, HIGHEST = -0.1, 4.0
"""Values are clipped to this range, before and after."""
SMALLEST_VARIANCE = 1e-8
"""What is added where the image is noisier than asked for already."""

Values = TypeVar("Values", NDArray[np.floating], Tensor)


class ProtocolError(ClearfieldError):
    """An image to which the protocol of GalaxyGAN does not apply."""


def sky_sigma(pixels: NDArray[np.floating]) -> float:
    """Standard deviation of a normal distribution fitted to the pixels in (-0.1, 0.1).

    Parameters
    ----------
    pixels : array, any shape
        Trusted pixels in nanomaggies. ``roou.m`` pools the bands: one fit, and one noise level, for an image.

    Returns
    -------
    float
        By MATLAB's ``normfit``, which divides by n - 1.

    Raises
    ------
    ProtocolError
        If fewer than two pixels lie in the range.
    """
    values = np.asarray(pixels, dtype=np.float64)
    sky = values[(values > -SKY_BELOW) & (values < SKY_BELOW)]
    if sky.size < 2:
        raise ProtocolError(
            f"protocol galaxygan: {sky.size} pixels lie within {SKY_BELOW:g} of zero, where it looks for the sky; "
            "it needs sky-subtracted images in nanomaggies, or degrade.protocol: physical"
        )
    return float(sky.std(ddof=1))


def added_sigma(original_sigma: float, blurred_sigma: float, ratio: float) -> float:
    """Standard deviation of the white noise that is added: ``sqrt(max((ratio s)^2 - s_b^2, 1e-8))``.

    Parameters
    ----------
    original_sigma, blurred_sigma : float
        ``s`` and ``s_b``: :func:`sky_sigma` of the image before and after the blur.
    ratio : float
        Noise afterwards over noise before.
    """
    return math.sqrt(max((ratio * original_sigma) ** 2 - blurred_sigma**2, SMALLEST_VARIANCE))


def clip(values: Values) -> Values:
    """Values in nanomaggies, any shape, cut off at -0.1 and 4."""
    return values.clip(LOWEST, HIGHEST)


def to_unit(values: Values) -> Values:
    """Values in nanomaggies, any shape, to ``u = (x + 0.1) / 4.1``; clipped ones fill [0, 1]."""
    return (values - LOWEST) / (HIGHEST - LOWEST)


def from_unit(unit: Values) -> Values:
    """Undo :func:`to_unit`."""
    return unit * (HIGHEST - LOWEST) + LOWEST


def stretch(values: Values) -> Values:
    """Values in nanomaggies, any shape, clipped, then ``asinh(10 u) / 3``.

    So the publication's network saw them, and so they are judged in the space ``galaxygan``. Networks that are trained
    here see the scaling of ``train.stretch`` instead, which has no bounds.
    """
    unit: Any = to_unit(clip(values))
    return _asinh(10 * unit) / 3


def unstretch(stretched: Values) -> Values:
    """Undo :func:`stretch`, but for the clipping."""
    tripled: Any = 3 * stretched
    return from_unit(_sinh(tripled) / 10)


def _asinh(values: Any) -> Any:
    return torch.asinh(values) if isinstance(values, Tensor) else np.arcsinh(values)


def _sinh(values: Any) -> Any:
    return torch.sinh(values) if isinstance(values, Tensor) else np.sinh(values)
