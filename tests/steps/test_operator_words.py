import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, refused
from made_model import BANDS, FWHM, NOISE, PIXEL_SCALE, make_header, make_model

from pipeline.physics.psf import draw_psf
from pipeline.steps.apply import apply


def same(model, image, tmp_path, first, second, within=1e-6):
    # Of the network alone: a correction magnifies what two words for one PSF differ by.
    apply(model, [image], tmp_path / "1.fits", data_consistency=False, **first)
    apply(model, [image], tmp_path / "2.fits", data_consistency=False, **second)
    one, other = fits.getdata(tmp_path / "1.fits"), fits.getdata(tmp_path / "2.fits")
    assert np.abs(one - other).max() <= within * np.ptp(one)


@pytest.mark.parametrize("psf", ["0.6as", "model", "stamp.fits", "cube.fits"])
def test_one_psf_in_other_words_gives_the_same_result(model, image, tmp_path, monkeypatch, psf):
    monkeypatch.chdir(tmp_path)
    scale = fits.Header({"PIXELSCL": PIXEL_SCALE})
    stamp = draw_psf("gaussian", FWHM).numpy()
    fits.writeto(tmp_path / "stamp.fits", 17 * stamp, scale)
    fits.writeto(tmp_path / "cube.fits", np.stack([stamp] * 3), scale)
    # A stamp from a file loses its faint rim, as a measured one must.
    same(model, image, tmp_path, GIVEN, {"psf": psf, "noise": str(NOISE)}, 2e-3 if "fits" in psf else 1e-6)


@pytest.mark.parametrize("noise", ["0.05,0.05,0.05", "map.fits", "maps.fits", "a.fits[ERR]"])
def test_one_noise_in_other_words_gives_the_same_result(model, image, tmp_path, monkeypatch, noise):
    monkeypatch.chdir(tmp_path)
    flat = np.full((90, 110), NOISE, np.float32)
    fits.writeto(tmp_path / "map.fits", flat)
    fits.writeto(tmp_path / "maps.fits", np.stack([flat] * 3), make_header(BANDS[::-1]))
    fits.append(image, flat, fits.Header({"EXTNAME": "ERR"}))
    same(model, image, tmp_path, GIVEN, {"psf": "3px", "noise": noise})


def test_the_general_form_says_the_same(model, image, tmp_path):
    same(model, image, tmp_path, GIVEN, {"operator": "psf=3px,noise=0.05,0.05,0.05"})


def test_noise_is_estimated_band_by_band_by_default(model, image, out, told):
    apply(model, [image], out, psf="3px")
    words = told.records[-1].getMessage().partition("noise ")[2].partition(", residual")[0]
    levels = [float(part.split()[1]) for part in words.split(", ")]
    np.testing.assert_allclose(levels, NOISE, rtol=0.1)


def test_a_pixel_without_noise_in_the_map_is_masked(model, image, out, tmp_path):
    noise = np.full((90, 110), NOISE, np.float32)
    noise[3, 4], noise[5, 6] = 0, np.nan
    fits.writeto(tmp_path / "map.fits", noise)
    apply(model, [image], out, psf="3px", noise=str(tmp_path / "map.fits"))
    assert np.argwhere(fits.getdata(out, "MASK")[0]).tolist() == [[3, 4], [5, 6]]


def test_a_psf_of_unknown_pixels_needs_their_width(model, image, out, tmp_path):
    fits.writeto(tmp_path / "psf.fits", draw_psf("gaussian", FWHM).numpy())
    psf = str(tmp_path / "psf.fits")
    refused("psf.fits: the pixel scale of the PSF.*psf_scale", model, [image], out, psf=psf)
    for scale in ("1px", f"{PIXEL_SCALE}as"):
        apply(model, [image], out, psf, str(NOISE), f"psf_scale={scale}", overwrite=True)


def test_a_width_takes_the_profile_that_the_model_knows(tmp_path, image, out):
    moffat = {"protocol": "physical", "psf": {"profile": "moffat", "beta": 2.5, "obscuration": 0.0}}
    ranges = {"fwhm_px": [3.0, 3.0], "r80_px": [3.3, 3.6]}
    model = make_model(tmp_path / "m.safetensors", instrument=moffat | {"noise": {"kind": "gaussian"}}, range=ranges)
    apply(model, [image], out, **GIVEN)
    assert "80% of the light within 3.4" in " ".join(fits.getheader(out)["HISTORY"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            {"psf": None},
            r"--psf is missing; it takes a FITS file or FILE\[EXT\], a width such as 3px or 1.4as, or the word model",
        ),
        ({"psf": "-3px"}, "--psf -3px: neither a file nor a width above 0"),
        ({"psf": "nowhere.fits"}, "--psf nowhere.fits: neither a file"),
        ({"psf": "90px"}, "--psf 90px: .*up to 32 px"),
        ({"noise": "-0.05"}, "--noise -0.05: no standard deviation"),
        ({"noise": "0"}, "--noise 0: no standard deviation"),
        ({"noise": "nan"}, "--noise nan: no standard deviation"),
        ({"noise": "0.05,0.05"}, "2 levels for 3 bands"),
        ({"noise": "nowhere.fits"}, "--noise nowhere.fits: neither a file nor a number"),
        ({"operator": "fwhm=3"}, "--operator 'fwhm=3': .*the keys are psf, noise, psf_scale"),
        ({"operator": "psf=4px"}, "psf is given twice"),
        ({"operator": "psf_scale=1"}, "psf_scale=1: a width"),
        ({"operator": "psf_scale=2px"}, "psf_scale=2px: is for a PSF from a file, and --psf 3px is none; leave it out"),
        ({"psf": "model", "operator": "psf_scale=2px"}, "psf_scale=2px: .*--psf model is none"),
    ],
)
def test_words_that_tell_of_no_instrument_are_refused(model, image, out, words, says):
    refused(says, model, [image], out, **(GIVEN | words))


def test_a_model_of_many_psfs_cannot_choose_one(tmp_path, image, out):
    model = make_model(tmp_path / "m.safetensors", psf=None)
    refused("--psf model: .*of FWHM 3 to 4 px", model, [image], out, psf="model")


@pytest.mark.parametrize(
    ("stamp", "says"),
    [
        (np.zeros((9, 9)), "sums to 0"),
        (np.full((9, 9), np.nan), "NaN"),
        (np.ones((2, 9, 9)), "2 planes for 3 bands"),
    ],
)
def test_a_file_that_holds_no_psf_is_refused_by_name(model, image, out, tmp_path, stamp, says):
    fits.writeto(tmp_path / "psf.fits", stamp, fits.Header({"PIXELSCL": PIXEL_SCALE}))
    refused(rf"psf.fits: .*{says}", model, [image], out, psf=str(tmp_path / "psf.fits"))


@pytest.mark.parametrize(
    ("noise", "says"),
    [
        (np.full((90, 110), -0.05), "noise of -0.05"),
        (np.zeros((90, 110)), "no noise above 0"),
        (np.full((90, 111), 0.05), "90 x 111 px"),
        (np.full((2, 90, 110), 0.05), "2 planes for 3 bands"),
    ],
)
def test_a_file_that_holds_no_noise_is_refused_by_name(model, image, out, tmp_path, noise, says):
    fits.writeto(tmp_path / "map.fits", noise)
    refused(rf"map.fits: .*{says}", model, [image], out, psf="3px", noise=str(tmp_path / "map.fits"))


@pytest.mark.parametrize("extension", ["9", "ERR"])
def test_a_noise_extension_that_is_not_there_is_refused_in_words_that_apply_knows(model, image, out, extension):
    refused(r"^--noise .*a.fits: no extension (?!.*images\.).*name the one", model, [image], out, psf="3px",
            noise=f"{image}[{extension}]")  # fmt: skip
