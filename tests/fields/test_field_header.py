import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_field import made_card

from pipeline.fields.header import field_header
from pipeline.fields.model import about_field
from pipeline.model_file import Model
from pipeline.tiling import Window

FAR = 2**40


def sky():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crpix, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [40, 50], [150.0, 2.0]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    return wcs


def header(window, **changes):
    card = made_card(**changes) | {"hash": "abcdef" * 10}
    about = about_field(Model({}, card), 7, 512)
    return fits.Header.fromstring(field_header(about, window), sep="\n")


def test_it_says_that_the_field_is_synthetic_and_how_to_paint_it_again():
    found = header(Window(-FAR, FAR, 8, 8), zero_points=[25.0, 26.5])
    assert found["SYNTHET"] is True
    assert (found["SEED"], found["GENMODEL"], found["GENTILE"]) == (7, "abcdefabcdef", 512)
    assert (found["FIELDY0"], found["FIELDX0"]) == (-FAR, FAR)
    assert (found["MAGZERO1"], found["MAGZERO2"], found["SKYSIG1"]) == (25.0, 26.5, 0.01)


def test_a_window_lies_where_the_same_pixels_of_the_training_image_do():
    text = sky().to_header().tostring(sep="\n", endcard=False, padding=False)
    found = WCS(header(Window(30, -70, 100, 100), wcs=text))
    expected = sky().pixel_to_world(-70 + 12, 30 + 5)
    assert found.pixel_to_world(12, 5).separation(expected).arcsec < 1e-6


@pytest.mark.parametrize("text", [None, "sky"])
def test_far_out_or_without_a_place_there_is_no_wcs(text):
    text = text and sky().to_header().tostring(sep="\n", endcard=False, padding=False)
    found = header(Window(FAR, FAR, 8, 8), wcs=text)
    assert "CTYPE1" not in found
    assert found["SYNTHET"] is True
    assert np.isfinite(found["SKY1"])
