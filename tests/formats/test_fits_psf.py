import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_fits import extension, one_line, save

from pipeline.formats import FormatError, read_psf


def test_a_psf_comes_with_its_own_pixel_scale(tmp_path):
    stamp = np.ones((5, 7))
    assert read_psf(save(tmp_path / "a.fits", fits.PrimaryHDU(stamp)))[1] is None
    header = fits.Header({"PIXELSCL": 0.05})
    read, scale = read_psf(save(tmp_path / "b.fits", fits.PrimaryHDU(np.stack([stamp, 2 * stamp]), header)))
    assert scale == 0.05
    np.testing.assert_array_equal(read, [stamp, 2 * stamp])
    read, scale = read_psf(save(tmp_path / "c.fits", extension(stamp), extension(2 * stamp)))
    np.testing.assert_array_equal(read, stamp)


@pytest.mark.parametrize(
    ("names", "planes", "order"),
    [("irg", (), [2, 1, 0]), ("uirg", "irg", [3, 2, 1]), ("", "irg", [2, 1, 0]), ("", (), [0, 1, 2])],
)
def test_stamps_are_put_in_the_order_of_the_bands(tmp_path, names, planes, order):
    stamps = np.arange(1.0, 1 + len(names or "abc"))[:, None, None] * np.ones((5, 5))
    header = fits.Header({f"BAND{number}": name for number, name in enumerate(names, 1)})
    read, _ = read_psf(save(tmp_path / "a.fits", fits.PrimaryHDU(stamps, header)), ["g", "r", "i"], planes)
    np.testing.assert_array_equal(read[:, 0, 0], np.add(order, 1))


def test_a_psf_of_other_bands_is_refused(tmp_path):
    header = fits.Header({"BAND1": "u", "BAND2": "z"})
    path = save(tmp_path / "psf.fits", fits.PrimaryHDU(np.ones((2, 5, 5)), header))
    with pytest.raises(FormatError) as error:
        read_psf(path, ["g", "r"])
    one_line(error, path, "no band 'g'", "u, z", "BAND1")


def test_a_psf_with_holes_is_refused(tmp_path):
    stamp = np.ones((5, 5))
    stamp[0, 0] = np.nan
    with pytest.raises(FormatError) as error:
        read_psf(save(tmp_path / "psf.fits", fits.PrimaryHDU(stamp)))
    one_line(error, "psf.fits", "NaN")


def test_the_scale_of_a_psf_is_its_own_before_that_of_the_image_in_the_same_file(tmp_path):
    sky = WCS(naxis=2)
    sky.wcs.ctype, sky.wcs.cdelt = ("RA---TAN", "DEC--TAN"), (-5e-5, 5e-5)
    whole = fits.PrimaryHDU(header=sky.to_header())
    stamp = fits.ImageHDU(np.ones((5, 5), np.float32), fits.Header({"PIXELSCL": 0.0125, "INHERIT": True}), name="PSF")
    fits.HDUList([whole, stamp]).writeto(tmp_path / "psf.fits")
    assert read_psf(f"{tmp_path / 'psf.fits'}[PSF]")[1] == 0.0125
