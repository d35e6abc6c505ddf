"""Where on the sky an image of a survey points: each beside the last, with a gap, so that no two share sky."""

from __future__ import annotations

import math

from astropy.wcs import WCS

from pipeline.datasets.simulated_survey.presets import SurveyError
from pipeline.datasets.simulated_survey.survey import Survey

FIRST = (150.0, 0.5)
"""Right ascension and declination of the first image, in degrees."""
COLUMNS = 100
"""Images in a row along right ascension."""
_STEP = 1.2
"""From one image to the next, in widths of an image."""
_HIGHEST = 60.0
"""Degrees of declination; farther up, rows would close on themselves."""


def wcs_of(survey: Survey, number: int) -> WCS:
    """Tangential projection about the middle of an image: north up, east left.

    Raises
    ------
    SurveyError
        If there is no room on the sky for so many images.
    """
    step = _STEP * survey.size * survey.preset.pixel_scale / 3600
    row, column = divmod(number, COLUMNS)
    dec = FIRST[1] + row * step
    if dec > _HIGHEST:
        most = COLUMNS * int((_HIGHEST - FIRST[1]) / step + 1)
        raise SurveyError(
            f"images.survey.images: image {number} of {survey.size} px finds no room on the sky; {most} images are "
            "allowed at this size"
        )
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [(FIRST[0] + column * step / math.cos(math.radians(dec))) % 360, dec]
    wcs.wcs.crpix = [(survey.size + 1) / 2] * 2
    scale = survey.preset.pixel_scale / 3600
    wcs.wcs.cd = [[-scale, 0], [0, scale]]
    wcs.wcs.radesys = "ICRS"
    return wcs
