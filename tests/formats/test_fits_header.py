import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_fits import VALUES, extension, save, sky

from pipeline.config import Images
from pipeline.formats import read_image, write_image
from pipeline.formats.fits import read_fits, write_fits


def test_the_sky_of_the_input_survives_to_a_nano_degree(tmp_path):
    corners = np.array([[0, 0], [23, 0], [0, 19], [23, 19.0]])
    header = sky(A_ORDER=2, B_ORDER=2, A_2_0=1e-5, B_0_2=2e-5, CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP")
    path = save(tmp_path / "in.fits", fits.PrimaryHDU(VALUES, header))
    paths = [path, path, path]
    for source, bands in ((path, ["g"]), (paths, ["g", "r", "i"])):
        image = read_fits(source, Images(bands=bands))
        write_fits(tmp_path / "out.fits", image)
        after = WCS(fits.getheader(tmp_path / "out.fits"), naxis=2)
        difference = after.all_pix2world(corners, 0) - WCS(header).all_pix2world(corners, 0)
        assert np.abs(difference).max() < 1e-9
        again = read_fits(tmp_path / "out.fits")
        assert (again.unit, again.bands, again.pixel_scale) == (image.unit, image.bands, image.pixel_scale)
        assert fits.getheader(tmp_path / "out.fits")["OBJECT"] == "HUDF"


def test_nothing_of_the_inputs_storage_survives(tmp_path):
    hdu = extension(VALUES.astype(np.int16), compressed=True, DATAMAX=5.0, BLANK=-1)
    path = tmp_path / "in.fits"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, checksum=True)
    with fits.open(path, mode="update", do_not_scale_image_data=True, disable_image_compression=True) as hdus:
        hdus[1].header.update({"BSCALE": 2.0, "BZERO": 10.0})
    write_fits(tmp_path / "out.fits", read_fits(path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(tmp_path / "out.fits", disable_image_compression=True) as hdus:
            hdus.verify("exception")
            header = hdus[0].header
            assert header["BITPIX"] == -32
            for keyword in (
                "BSCALE",
                "BZERO",
                "BLANK",
                "DATAMAX",
                "ZIMAGE",
                "ZCMPTYPE",
                "CHECKSUM",
                "XTENSION",
                "TFIELDS",
            ):
                assert keyword not in header
            np.testing.assert_array_equal(hdus[0].data, VALUES * 2 + 10)


def test_headers_keep_long_values_and_comments(tmp_path):
    header = fits.Header()
    header["LONG"] = ("x" * 150, "a long value")
    header["HIERARCH ESO DET NAME"] = "chip 1"
    header.add_comment("a comment")
    path = save(tmp_path / "a.fits", fits.PrimaryHDU(VALUES, header))
    write_fits(tmp_path / "b.fits", read_fits(path))
    after = fits.getheader(tmp_path / "b.fits")
    assert after["LONG"] == "x" * 150
    assert after["ESO DET NAME"] == "chip 1"
    assert "a comment" in after["COMMENT"]


def test_cfhtls_in_three_files_keeps_its_sky(data, tmp_path):
    paths = [data / "cfhtls_gri" / f"CFHTLS-test_{band}.fits" for band in "gri"]
    image = read_image(paths, Images(bands=["g", "r", "i"]))
    assert image.shape == (3, 440, 440)
    assert image.pixel_scale == pytest.approx(0.186, rel=1e-6)
    write_image(tmp_path / "out.fits", image)
    corners = np.array([[0, 0], [439, 439.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = (WCS(fits.getheader(path)).celestial for path in (paths[0], tmp_path / "out.fits"))
    np.testing.assert_allclose(after.wcs_pix2world(corners, 0), before.wcs_pix2world(corners, 0), rtol=0, atol=1e-9)
    again = read_image(tmp_path / "out.fits")
    np.testing.assert_array_equal(again.pixels, image.pixels)
    assert again.bands == ("g", "r", "i")
