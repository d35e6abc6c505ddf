import galsim
import numpy as np
import pytest
from astropy.io import fits
from made_fits import one_line

from pipeline.formats import FormatError
from pipeline.formats.psf_field import read_psf_field


def stamp(width, size=15):
    return galsim.Gaussian(fwhm=width).drawImage(nx=size, ny=size, scale=1.0, method="no_pixel").array


def table(folder, *lines):
    path = folder / "psfs.csv"
    path.write_text("x, y, file\n" + "".join(f"{line}\n" for line in lines))
    return path


def psfex(path, sampling=0.5, size=21, slope=0.2):
    """A model as PSFEx writes it: a Gaussian whose peak grows along x."""
    header = {
        "POLNAXIS": 2, "POLGRP1": 1, "POLNAME1": "X_IMAGE", "POLZERO1": 100.0, "POLSCAL1": 200.0, "POLGRP2": 1,
        "POLNAME2": "Y_IMAGE", "POLZERO2": 50.0, "POLSCAL2": 100.0, "POLNGRP": 1, "POLDEG1": 1, "PSF_FWHM": 3.0,
        "PSF_SAMP": sampling, "PSFNAXIS": 3, "PSFAXIS1": size, "PSFAXIS2": size, "PSFAXIS3": 3,
    }  # fmt: skip
    base = galsim.Gaussian(fwhm=3.0 / sampling).drawImage(nx=size, ny=size, scale=1.0, method="no_pixel").array
    planes = np.stack([base, slope * base, 0 * base]).astype(np.float32)
    column = fits.Column(name="PSF_MASK", format=f"{planes.size}E", dim=f"({size},{size},3)", array=planes[None])
    hdu = fits.BinTableHDU.from_columns([column], name="PSF_DATA")
    hdu.header.update(header)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    return path


def test_a_table_tells_stamps_and_where_they_hold(tmp_path):
    for width in (2, 3):
        fits.writeto(tmp_path / f"{width}.fits", stamp(width), fits.Header({"PIXELSCL": 0.2}))
    field = read_psf_field(table(tmp_path, "1, 11, 2.fits", "31, 21, 3.fits"), ["g", "r"])
    np.testing.assert_array_equal(field.places, [[10, 0], [20, 30]])
    np.testing.assert_allclose(field.stamps[1, 0], stamp(3), rtol=1e-6)
    assert (field.pixels, field.arcsec) == (None, 0.2)


def test_a_stamp_may_have_a_plane_for_each_band(tmp_path):
    fits.writeto(tmp_path / "a.fits", np.stack([stamp(2), stamp(3)]))
    field = read_psf_field(table(tmp_path, "1, 1, a.fits"), ["g", "r"])
    assert field.stamps.shape == (1, 2, 15, 15)


def test_a_model_by_psfex_is_asked_all_over_its_image(tmp_path):
    field = read_psf_field(psfex(tmp_path / "a.psf"), ["g"])
    assert field.pixels == 0.5
    assert field.places.min(0).tolist() == [-1, -1]
    assert field.places.max(0).tolist() == [99, 199]
    peak = field.stamps[:, 0].max((-2, -1))
    along = field.places[:, 1]
    assert peak[along == 199].mean() / peak[along == -1].mean() == pytest.approx(1.1 / 0.9, rel=1e-3)


def test_each_band_may_have_a_model(tmp_path):
    for band, slope in (("g", 0.0), ("r", 0.4)):
        psfex(tmp_path / f"{band}.psf", slope=slope)
    stamps = read_psf_field(tmp_path / "{band}.psf", ["g", "r"]).stamps
    assert stamps.shape[:2] == (25, 2)
    assert np.ptp(stamps[:, 0].max((-2, -1))) == pytest.approx(0, abs=1e-6)
    assert np.ptp(stamps[:, 1].max((-2, -1))) > 0


def test_models_of_other_sampling_are_refused(tmp_path):
    psfex(tmp_path / "g.psf")
    psfex(tmp_path / "r.psf", sampling=0.4)
    with pytest.raises(FormatError) as error:
        read_psf_field(tmp_path / "{band}.psf", ["g", "r"])
    one_line(error, "r.psf", "sampled otherwise")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ["has no line"]),
        (["1, here, a.fits"], ["not a CSV with columns x, y, file"]),
        (["1, 1, b.fits"], ["b.fits"]),
        (["1, 1, a.fits", "2, 2, small.fits"], ["small.fits", "cut them alike"]),
        (["1, 1, a.fits", "2, 2, fine.fits"], ["fine.fits", "sample them alike"]),
        (["1, , a.fits"], ["a place in x or y is no number"]),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, lines, words):
    fits.writeto(tmp_path / "a.fits", stamp(2))
    fits.writeto(tmp_path / "small.fits", stamp(2, size=13))
    fits.writeto(tmp_path / "fine.fits", stamp(2), fits.Header({"PIXSCALE": 0.1}))
    with pytest.raises(FormatError) as error:
        read_psf_field(table(tmp_path, *lines), ["g"])
    one_line(error, *words)


@pytest.mark.parametrize("name", ["none.csv", "none.psf", "not.psf"])
def test_a_file_that_is_missing_or_something_else_is_named(tmp_path, name):
    (tmp_path / "not.psf").write_text("no model")
    with pytest.raises(FormatError) as error:
        read_psf_field(tmp_path / name, ["g"])
    one_line(error, name)
