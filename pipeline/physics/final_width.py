"""The blur to add so that an image, whose own PSF has one width, ends with another."""

from __future__ import annotations

import math
from functools import cache

from scipy.optimize import brentq
from torch import Tensor

from pipeline.physics.blur import convolve_full
from pipeline.physics.psf import LARGEST_RADIUS, Profile, PSFError, draw_psf, measured_fwhm

_NARROWEST = 0.3
"""FWHM in px of which every profile is a single pixel, which adds nothing."""
_WELL_SAMPLED = 2.0
"""FWHM in px from which samples of a Gaussian convolve as the Gaussian does; narrower, they fall short by percents."""


@cache
def width_to_add(profile: Profile, own: float, final: float, beta: float = 2.5, obscuration: float = 0.0) -> float:
    """FWHM of the PSF that brings an image from one width to another.

    The image's own PSF is taken to have the profile of the one that is added. For Gaussians the squares of the widths
    add up. For the others, and on pixels too coarse for a Gaussian, no such rule holds: the two stamps are convolved,
    and that width is sought with which the result is as wide as asked.

    Parameters
    ----------
    profile : {"gaussian", "moffat", "kolmogorov", "airy"}
    own, final : float
        FWHM in px of the image before and after; ``final`` is the larger.
    beta, obscuration : float
        As :func:`~pipeline.physics.psf.draw_psf` takes them, for both PSFs.

    Returns
    -------
    float
        In px. The result is then within 1% of ``final``, as a star at the centre of a pixel shows it; below an own
        width of 2 px no image shows all of its stars equally wide.

    Raises
    ------
    PSFError
        If the image's own PSF cannot be drawn, or no width brings the image from the one to the other.
    """
    if profile == "gaussian":
        difference = math.sqrt(final**2 - own**2)
        if min(own, difference) >= _WELL_SAMPLED:
            return difference
    present = draw_psf(profile, own, beta, obscuration)

    def excess(added: float) -> float:
        return measured_fwhm(_convolved(present, draw_psf(profile, added, beta, obscuration))) - final

    widest = min(final, LARGEST_RADIUS)
    if not excess(_NARROWEST) < 0 < excess(widest):
        raise PSFError(
            f"no {profile} profile of up to {LARGEST_RADIUS} px brings images of {own:.4g} px to {final:.4g} px on "
            "their pixels; ask for another final width"
        )
    return float(brentq(excess, _NARROWEST, widest, rtol=3e-3))


def _convolved(one: Tensor, other: Tensor) -> Tensor:
    return convolve_full(one[None, None], other[None])[0, 0]
