from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_dicom import save_series
from made_model import make_card, make_fits, make_header, make_model
from made_nifti import save_nifti
from made_study import make_study

from pipeline.errors import ClearfieldError
from pipeline.formats.raster import write_raster
from pipeline.image import Image
from pipeline.steps.inspect import inspect


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("made"))


def said(path):
    lines = inspect(path)
    assert len(lines) <= 14
    assert all("\n" not in line for line in lines)
    return "\n".join(lines)


def test_an_image_says_where_it_points_and_what_it_holds(tmp_path):
    words = said(make_fits(tmp_path / "a.fits"))
    for part in (
        "0 PRIMARY 3 x 90 x 110 float32",
        "90 x 110 px, bands g, r, i",
        "nanomaggy",
        "0.2 arcsec",
        "100.00% of the pixels",
        "deg (icrs)",
    ):
        assert part in words
    noise = words.rpartition("white noise")[2]
    np.testing.assert_allclose([float(part.split()[1]) for part in noise.split(";")], 0.05, rtol=0.1)


def test_the_centre_is_that_of_the_wcs(tmp_path):
    header = fits.Header({"CTYPE1": "GLON-CAR", "CTYPE2": "GLAT-CAR", "CRVAL1": 12.5, "CRVAL2": 0.0})
    header.update({"CRPIX1": 50.5, "CRPIX2": 40.5, "CDELT1": -0.01, "CDELT2": 0.01})
    fits.writeto(tmp_path / "a.fits", np.random.default_rng(0).random((80, 100)), header)
    assert "12.500000, +0.000000 deg (galactic)" in said(tmp_path / "a.fits")


def test_a_distorted_cube_has_a_centre_too(tmp_path):
    header = make_header()
    header.update({"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "CRPIX1": 55.5, "CRPIX2": 45.5})
    header.update({"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-4, "B_0_2": 2e-5})
    assert "150.119288, +2.205826 deg (icrs)" in said(make_fits(tmp_path / "a.fits", header=header))


def test_a_centre_takes_distortions_from_their_tables(tmp_path):
    header = make_header(())
    for axis in (1, 2):
        header[f"CPDIS{axis}"] = "LOOKUP"
        for record in ("EXTVER: 1.0", "NAXES: 2.0", "AXIS.1: 1.0", "AXIS.2: 2.0"):
            header.append((f"DP{axis}", record), end=True)
    image = fits.ImageHDU(np.random.default_rng(0).random((90, 110)), header, name="SCI")
    table = fits.ImageHDU(np.full((2, 2), 18.0, np.float32), name="WCSDVARR")
    table.header.update({"CRVAL1": 1.0, "CRVAL2": 1.0, "CRPIX1": 1.0, "CRPIX2": 1.0, "CDELT1": 109.0, "CDELT2": 89.0})
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(tmp_path / "a.fits")
    there = WCS(make_header(()), naxis=2).pixel_to_world(54.5 + 18, 44.5 + 18)
    assert f"{there.ra.deg:.6f}, {there.dec.deg:+.6f} deg" in said(tmp_path / "a.fits")


def test_a_picture_without_sky_and_a_flat_one_are_described_too(tmp_path):
    flat = Image("a", np.full((1, 70, 80), 0.5, np.float32), np.zeros((1, 70, 80), bool), "display", ("grey",))
    write_raster(tmp_path / "a.png", flat)
    words = said(tmp_path / "a.png")
    assert "unknown, without a WCS" in words
    assert "not measurable" in words


def test_units_are_said_in_words(tmp_path):
    values = np.random.default_rng(0).random((1, 80, 100), np.float32)
    write_raster(tmp_path / "a.tiff", Image("a", values, np.zeros(values.shape, bool), "display", ("grey",)))
    assert "unit         display units" in said(tmp_path / "a.tiff")
    fits.writeto(tmp_path / "a.fits", values)
    assert "unit         the files’ own units" in said(tmp_path / "a.fits")


def test_extensions_and_flagged_pixels_are_counted(tmp_path):
    values = np.random.default_rng(0).random((80, 100))
    values[:40] = np.nan
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(values, name="SCI"), fits.ImageHDU(values, name="ERR")]
    fits.HDUList(hdus).writeto(tmp_path / "a.fits")
    words = said(tmp_path / "a.fits")
    assert "0 PRIMARY no image; 1 SCI 80 x 100 float64; 2 ERR 80 x 100 float64" in words
    assert "50.00%" in words


def test_a_model_says_what_it_is_for(tmp_path):
    words = said(make_model(tmp_path / "m.safetensors"))
    for part in (
        "nafnet_faithful",
        "images in nanomaggy, bands g, r, i, pixels of 0.2 arcsec",
        "PSF gaussian: FWHM 3 to 4 px, 80% of the light within 2.12 to 2.85 px",
        "gaussian noise: g 0.05, r 0.05, i 0.05 nanomaggy",
        "asinh",
        "stride 4 px",
        "32 px for the inverse",
        "study made, fold final",
        "none: `publish` adds them",
        "clearfield 0",
    ):
        assert part in words


def test_a_model_says_whether_it_was_trained_to_repair(tmp_path):
    assert "no repair" in said(make_model(tmp_path / "m.safetensors"))
    instrument = make_card()["instrument"] | {"defects": {"cosmic_rays": 2000, "gap": 50}}
    words = said(make_model(tmp_path / "m.safetensors", instrument=instrument))
    assert "trained with 2000 cosmic rays per megapixel (2 x 1.5 px), a gap of 50 px" in words


def test_a_published_model_says_how_well_it_did(tmp_path):
    score = {
        **{"condition": "fwhm3px", "space": "linear", "median": 31.0, "low": 30.5, "high": 31.5, "n": 24},
        **{"scope": "field", "reference": "wiener", "difference": 2.0, "difference_low": 1.5, "difference_high": None},
    }
    words = said(make_model(tmp_path / "m.safetensors", scores=[score], trained_on={"images": 1, "groups": 3}))
    assert "fwhm3px: PSNR 31.00 [30.50, 31.50] dB, +2.00 [+1.50, unknown] against wiener (linear, n 24, field)" in words
    assert "1 image in 3 groups" in words


def test_files_between_steps_say_their_kind(made):
    words = said(made.images)
    assert words.startswith("images       1: field")
    assert "data_range 1" in words
    assert "3 x 180 x 240 (bands x height x width), bands red, green, blue" in words
    words = said(made.restored[0])
    assert words.startswith("restored     9 items: ")
    assert "fold" in words


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"hello", "no image format"),
        ("a.fits", b"hello", "cannot be read as FITS"),
        ("a.h5", b"hello", "not a readable HDF5 file"),
        ("a.safetensors", b"hello", "not a safetensors file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ClearfieldError, match=rf"{name}: .*{says}"):
        inspect(tmp_path / name)


@pytest.mark.parametrize("name", ["a.fits", "a.h5", "a.safetensors", "a.png"])
def test_a_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(ClearfieldError, match=rf"{name}: no such file"):
        inspect(tmp_path / name)


def test_of_several_parts_the_image_is_shown_or_the_one_that_is_named(tmp_path):
    shapes = {"WHT": (20, 21), "SCI": (30, 31)}
    parts = [fits.ImageHDU(np.random.default_rng(0).random(shape), name=name) for name, shape in shapes.items()]
    fits.HDUList([fits.PrimaryHDU(), *parts]).writeto(tmp_path / "a.fits")
    assert "30 x 31 px" in said(tmp_path / "a.fits")
    assert "20 x 21 px" in said(Path(f"{tmp_path / 'a.fits'}[WHT]"))


def test_a_volume_says_its_grid_and_what_may_tell_whose_it_is_but_not_who(tmp_path):
    save_series(tmp_path / "series", count=3)
    said = "\n".join(inspect(tmp_path / "series"))
    assert "3 slices of 6 x 5 px" in said
    assert "HU" in said
    assert "PatientID" in said
    assert "hospital-17" not in said


def test_a_nifti_file_says_its_spacing(tmp_path):
    save_nifti(tmp_path / "head.nii.gz")
    said = "\n".join(inspect(tmp_path / "head.nii.gz"))
    assert "3 slices of 4 x 5 px" in said
    assert "mm (slices, rows, columns)" in said
