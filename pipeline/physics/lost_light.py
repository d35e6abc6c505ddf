"""What a study's PSFs lose where their stamps are cut: the rest is scaled up to the whole, which a user should know."""

from __future__ import annotations

import math

from scipy.optimize import brentq

from pipeline.config import Images, Psf, parse_width
from pipeline.physics.conditions import Stamp, added_width, planes_and_scales
from pipeline.physics.psf import LARGEST_RADIUS, PSFError, light_lost, stamp_light_lost

NOTED_LOSS = 0.001
"""Share of the light that is spoken of: less is below what photometry of single sources shows."""
LARGEST_LOSS = 0.05
"""Share of the light that may be lost. Beyond it the wings are a good part of the PSF, and a study of it without them
would be one of another PSF."""


def lost_light(settings: Psf, images: Images, pixel_scale: float | None, stamp: Stamp | None) -> float:
    """Share of the light of a condition's PSF that lies beyond the stamp it is cut to; of several bands, the largest.

    Parameters
    ----------
    settings : Psf
        With one width.
    images : Images
        For the width that the images have already.
    pixel_scale : float, optional
        Width of the images' pixels in arcsec.
    stamp : Stamp, optional
        What the file holds, for the profile ``file``.

    Raises
    ------
    PSFError
        If it is more than 5%, or there is no such PSF.
    """
    if settings.profile == "file":
        return _of_file(settings, pixel_scale, stamp)
    width = added_width(settings, images, pixel_scale)
    lost = light_lost(settings.profile, width, settings.beta, settings.obscuration)
    if lost > LARGEST_LOSS:
        key, widths = ("fwhm", settings.fwhm) if settings.fwhm else ("fwhm_final", settings.fwhm_final)
        raise PSFError(
            f"degrade.psf.{key} is {parse_width((widths or [''])[0])}: {_too_much(lost, f'this {settings.profile}')}; "
            f"{_narrower(settings, width)}a profile with fainter wings"
        )
    return lost


def _narrower(settings: Psf, width: float) -> str:
    """What to do about a width that loses too much; some profiles do so at any width."""

    def excess(fwhm: float) -> float:
        assert settings.profile != "file"
        return light_lost(settings.profile, fwhm, settings.beta, settings.obscuration) - LARGEST_LOSS

    if width <= 1 or excess(1.0) > 0:
        return "take "
    widest = math.floor(10 * brentq(excess, 1.0, width, xtol=0.01)) / 10
    return f"add {widest:g} px at most, or take "


def _of_file(settings: Psf, pixel_scale: float | None, stamp: Stamp | None) -> float:
    if stamp is None:
        return 0.0
    try:
        planes, *scales = planes_and_scales(stamp, pixel_scale)
        lost = max(stamp_light_lost(plane, *scales) for plane in planes)
    except PSFError as error:
        raise PSFError(f"{settings.file}: {error}") from None
    if lost > LARGEST_LOSS:
        raise PSFError(f"{settings.file}: {_too_much(lost, 'the PSF')}; bin the images, or take a narrower PSF")
    return lost


def _too_much(lost: float, psf: str) -> str:
    side = 2 * LARGEST_RADIUS + 1
    return (
        f"{lost:.1%} of the light of {psf} lies beyond its stamp, which is {side} x {side} px at most, and "
        f"{LARGEST_LOSS:.0%} may be lost"
    )
