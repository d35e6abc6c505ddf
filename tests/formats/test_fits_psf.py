import numpy as np
import pytest
from astropy.io import fits
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


def test_a_psf_with_holes_is_refused(tmp_path):
    stamp = np.ones((5, 5))
    stamp[0, 0] = np.nan
    with pytest.raises(FormatError) as error:
        read_psf(save(tmp_path / "psf.fits", fits.PrimaryHDU(stamp)))
    one_line(error, "psf.fits", "NaN")
