"""A noise map and a PSF with a plane per band: each plane goes to its own band, whatever the order of the files."""

import numpy as np
import pytest
from astropy.io import fits
from made_apply import anything, refused
from made_model import BANDS, PIXEL_SCALE, make_fits, make_header, make_model, make_sky

from pipeline.steps.apply import apply

FWHM = dict(zip(BANDS, (2.5, 3.0, 4.0)))
LEVEL = dict(zip(BANDS, (0.04, 0.05, 0.08)))
OTHER = "irg"
"""The order of an image's planes, where it is not the model's."""


@pytest.fixture
def model(tmp_path):
    return make_model(tmp_path / "m.safetensors", range=anything(BANDS))


def names(bands, **more):
    return fits.Header({f"BAND{number}": band for number, band in enumerate(bands, 1)} | more)


def psf_of(bands):
    grid = np.arange(-15, 16)
    radius2 = grid[:, None] ** 2 + grid**2
    return np.stack([np.exp(-radius2 / 2 / (FWHM.get(band, 3.5) / 2.3548) ** 2) for band in bands])


def noise_of(bands):
    return np.stack([np.full((90, 110), LEVEL.get(band, 0.2), np.float32) for band in bands])


def image_of(path, bands=OTHER):
    planes = dict(zip(BANDS, make_sky()))
    return make_fits(path, np.stack([planes.get(band, planes["g"]) for band in bands]), make_header(bands))


@pytest.fixture
def right(model, tmp_path):
    """The result where all files are in the model's order."""
    image = image_of(tmp_path / "right.fits", BANDS)
    fits.writeto(tmp_path / "right-psf.fits", psf_of(BANDS), fits.Header({"PIXELSCL": PIXEL_SCALE}))
    fits.writeto(tmp_path / "right-noise.fits", noise_of(BANDS))
    return result(model, [image], tmp_path, "right-psf.fits", "right-noise.fits")


def result(model, images, folder, psf, noise):
    out = folder / "out.fits"
    apply(model, images, out, psf=str(folder / psf), noise=str(folder / noise), overwrite=True)
    return fits.getdata(out)


@pytest.mark.parametrize("bands", [OTHER, "igr"])
@pytest.mark.parametrize("more", ["", "uz"])
def test_planes_without_names_lie_in_the_order_of_the_images_file(model, right, tmp_path, bands, more):
    bands = f"{more}{bands}"
    image = image_of(tmp_path / "a.fits", bands)
    fits.append(image, noise_of(bands), fits.Header({"EXTNAME": "ERR"}))
    fits.writeto(tmp_path / "psf.fits", psf_of(bands), fits.Header({"PIXELSCL": PIXEL_SCALE}))
    np.testing.assert_array_equal(result(model, [image], tmp_path, "psf.fits", "a.fits[ERR]"), right)


def test_planes_without_names_lie_in_the_order_in_which_files_are_given(model, right, tmp_path):
    images = [image_of(tmp_path / f"{band}.fits", band) for band in OTHER]
    fits.writeto(tmp_path / "psf.fits", psf_of(OTHER), fits.Header({"PIXELSCL": PIXEL_SCALE}))
    fits.writeto(tmp_path / "noise.fits", noise_of(OTHER))
    np.testing.assert_array_equal(result(model, images, tmp_path, "psf.fits", "noise.fits"), right)


def test_planes_with_names_may_lie_in_any_order(model, right, tmp_path):
    fits.writeto(tmp_path / "psf.fits", psf_of("rgi"), names("rgi", PIXELSCL=PIXEL_SCALE))
    fits.writeto(tmp_path / "noise.fits", noise_of("zgir"), names("zgir"))
    image = image_of(tmp_path / "a.fits")
    np.testing.assert_array_equal(result(model, [image], tmp_path, "psf.fits", "noise.fits"), right)


def test_levels_are_given_in_the_models_order(model, right, tmp_path):
    out = tmp_path / "out.fits"
    levels = ",".join(str(LEVEL[band]) for band in BANDS)
    apply(model, [image_of(tmp_path / "a.fits")], out, str(tmp_path / "right-psf.fits"), levels, overwrite=True)
    assert "noise 0.04,0.05,0.08: g 0.04, r 0.05, i 0.08" in " ".join(fits.getheader(out)["HISTORY"])


@pytest.mark.parametrize("bands", ["uzy", "u", "riz"])
def test_a_noise_map_of_other_bands_is_refused(model, image, out, tmp_path, bands):
    fits.writeto(tmp_path / "map.fits", noise_of(bands), names(bands))
    says = f"map.fits: no band 'g'; it holds {', '.join(bands)}, and the image g, r, i"
    refused(says, model, [image], out, psf="3px", noise=str(tmp_path / "map.fits"))


def test_a_psf_of_other_bands_is_refused(model, image, out, tmp_path):
    fits.writeto(tmp_path / "psf.fits", psf_of("uzy"), names("uzy", PIXELSCL=PIXEL_SCALE))
    refused("psf.fits: no band 'g'; it holds u, z, y", model, [image], out, psf=str(tmp_path / "psf.fits"))


def test_planes_that_may_be_any_of_the_files_are_refused(model, out, tmp_path):
    image = image_of(tmp_path / "a.fits", "ugriz")
    fits.writeto(tmp_path / "map.fits", noise_of("gri"))
    says = r"map.fits: 3 planes without names, .*file has 5 \(u, g, r, i, z\); name them by BAND1"
    refused(says, model, [image], out, psf="3px", noise=str(tmp_path / "map.fits"))
