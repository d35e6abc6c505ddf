import pytest
from astropy.io import fits
from made_fits import VALUES, save, sky

from pipeline.config import Images
from pipeline.formats.fits import read_fits


def test_unit_and_pixel_scale_come_from_the_file_before_the_configuration(tmp_path):
    given = Images(unit="count", pixel_scale=9.0)
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, sky()))
    image = read_fits(path, given)
    assert image.unit == "nanomaggy"
    assert image.pixel_scale == pytest.approx(0.36, rel=1e-3)
    bare = read_fits(save(tmp_path / "b.fits", fits.PrimaryHDU(VALUES)), given)
    assert (bare.unit, bare.pixel_scale) == ("count", 9.0)
    assert read_fits(tmp_path / "b.fits").unit == "unknown"
    assert read_fits(tmp_path / "b.fits").pixel_scale is None


def test_a_wcs_that_is_not_on_the_sky_gives_no_pixel_scale(tmp_path):
    header = fits.Header({"CTYPE1": "WAVE", "CTYPE2": "OFFSET", "CDELT1": 1e-10, "CDELT2": 0.1})
    assert read_fits(save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, header))).pixel_scale is None
