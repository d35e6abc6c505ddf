import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from made_fits import sky

from pipeline.formats.fits import footprint_of


def text(header):
    return header.tostring(sep="\n", endcard=False, padding=False)


def separation(one, other):
    """In arcsec."""
    return np.degrees(np.linalg.norm(one - other, axis=-1)) * 3600


def sides(corners):
    return separation(corners, np.roll(corners, -1, 0))


def test_corners_are_the_middles_of_the_corner_pixels():
    corners = footprint_of(text(sky(CD1_2=0.0, CD2_1=0.0)), 21, 11)
    np.testing.assert_allclose(np.linalg.norm(corners, axis=-1), 1)
    np.testing.assert_allclose(sides(corners), np.array([10, 20, 10, 20]) * 0.36, rtol=1e-4)


def test_frames_are_brought_together():
    place = SkyCoord(215.97, 52.64, unit="deg").galactic
    galactic = sky(CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN", CRVAL1=place.l.deg, CRVAL2=place.b.deg)
    one, other = (footprint_of(text(header), 25, 20).mean(0) for header in (sky(), galactic))
    assert separation(one, other) < 1


def test_declination_may_come_first():
    swapped = sky(CTYPE1="DEC--TAN", CTYPE2="RA---TAN", CRVAL1=52.64, CRVAL2=215.97, CD1_2=0.0, CD2_1=0.0)
    corners = footprint_of(text(swapped), 21, 11)
    np.testing.assert_allclose(sides(corners), np.array([10, 20, 10, 20]) * 0.36, rtol=1e-4)


@pytest.mark.parametrize(
    "header",
    [
        fits.Header(),
        fits.Header({"CTYPE1": "WAVE", "CTYPE2": "OFFSET"}),
        sky(CD1_1=0.0, CD1_2=0.0, CD2_1=0.0, CD2_2=0.0),
        sky(CTYPE1="RA---XYZ", CTYPE2="DEC--XYZ"),
        sky(CRVAL1="nowhere"),
        fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -1e-4, "CDELT2": 1e-4}),
        sky(CTYPE1="RA---CAR", CTYPE2="DEC--CAR", CD1_1=-12.0, CD2_2=6.0, CRVAL1=0.0, CRVAL2=0.0, CD1_2=0.0, CD2_1=0.0),
    ],
    ids=["none", "not on the sky", "singular", "unknown projection", "no number", "no place", "the whole sky"],
)
def test_a_header_without_a_place_that_can_be_understood_gives_none(header):
    assert footprint_of(text(header), 25, 30) is None
