import re

import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, history_of, refused
from made_model import FWHM, NOISE, PIXEL_SCALE, make_card, make_fits, make_model, make_sky

from pipeline.physics.psf import draw_psf, padded_psfs
from pipeline.steps.apply import apply


def test_light_brighter_than_the_training_had_is_named(tmp_path, image, out, told):
    apply(make_model(tmp_path / "dim.safetensors", brightest=[1e3, 1.0, 1e3]), [image], out, **GIVEN)
    said = [line for line in told.messages if "was trained on light up to 1" in line]
    assert len(said) == 1
    assert "band r reaches" in said[0]


def test_a_star_brighter_than_the_training_had_is_named_though_its_data_are_not(tmp_path, out, told):
    light, sky = 5e3, np.zeros((3, 90, 110), np.float32)
    psf = draw_psf("gaussian", FWHM).numpy()
    reach = len(psf) // 2
    sky[:, 45 - reach : 46 + reach, 55 - reach : 56 + reach] = light * psf
    sky += np.random.default_rng(0).normal(0, NOISE, sky.shape).astype(np.float32)
    assert sky.max() < 1e3
    brightest = make_model(tmp_path / "m.safetensors", wild=0, brightest=[1e3] * 3)
    apply(brightest, [make_fits(tmp_path / "b.fits", sky)], out, **GIVEN)
    assert sum("was trained on light up to 1000" in line for line in told.messages) == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"psf": "6px"}, r"--psf 6px: the PSF's FWHM is 6 px, and the model was trained for 3 to 4.*--force"),
        ({"noise": "0.3"}, r"--noise 0.3: the noise in band g is 0.3 nanomaggy.*trained for 0.05.*--force"),
    ],
)
def test_an_instrument_beyond_the_trained_range_needs_force(model, image, out, told, words, says):
    refused(says, model, [image], out, **(GIVEN | words))
    apply(model, [image], out, force=True, **(GIVEN | words))
    assert "restored all the same" in told.text
    assert "outside of what it was trained on" in " ".join(fits.getheader(out)["HISTORY"])


def test_an_instrument_within_two_percent_of_the_range_is_taken(model, image, out):
    apply(model, [image], out, psf="2.95px", noise="0.0509")


def psf_cube(path, *widths):
    """A file with a Gaussian for each band."""
    radius = 16
    squared = np.add.outer(np.arange(-radius, radius + 1) ** 2, np.arange(-radius, radius + 1) ** 2)
    planes = [np.exp(-4 * np.log(2) * squared / width**2) for width in widths]
    fits.writeto(path, np.stack(planes).astype(np.float32), fits.Header({"PIXELSCL": PIXEL_SCALE}))
    return str(path)


@pytest.mark.parametrize(
    ("widths", "band", "fwhm"), [((3, 6, 3), "r", "6"), ((3, 3.5, 5), "i", "5"), ((2, 4, 4), "g", "2")]
)
def test_each_bands_psf_is_held_to_the_range_and_recorded(model, image, out, tmp_path, widths, band, fwhm):
    given = {"psf": psf_cube(tmp_path / "psf.fits", *widths), "noise": str(NOISE)}
    refused(
        rf"psf.fits: the PSF's FWHM in band {band} is {fwhm}.* px, .*trained for 3 to 4", model, [image], out, **given
    )
    apply(model, [image], out, force=True, **given)
    history = history_of(out)
    said = re.search("FWHM g ([0-9.]+), r ([0-9.]+), i ([0-9.]+) px, 80% of the light within g ", history)
    assert [float(value) for value in said.groups()] == pytest.approx(widths, rel=0.02)


def test_a_model_of_one_psf_per_band_is_held_to_that_of_each_band(image, out, tmp_path):
    trained = [draw_psf("gaussian", width) for width in (3.0, 3.0, 4.0)]
    one = {"fwhm_px": [3.33, 3.33], "r80_px": [2.36, 2.36]} | {f"sigma_{band}": [NOISE, NOISE] for band in "gri"}
    model = make_model(tmp_path / "own.safetensors", psf=padded_psfs(trained).tolist(), range=one)
    apply(model, [image], out, psf="model", noise=str(NOISE))
    other = psf_cube(tmp_path / "psf.fits", 4, 3, 3)
    refused("FWHM in band g is 4.* trained for 3", model, [image], tmp_path / "b.fits", psf=other, noise=str(NOISE))


def noise_map(path, level, share, other):
    """A map of one level, and of another one in a share of its rows."""
    noise = np.full((100, 110), level, np.float32)
    noise[: round(100 * share)] = other
    fits.writeto(path, noise)
    return {"psf": "3px", "noise": str(path)}


@pytest.fixture
def tall(tmp_path):
    return make_fits(tmp_path / "tall.fits", make_sky(100))


@pytest.mark.parametrize(("other", "reached"), [(5.0, "up to 5"), (1e-6, "down to 1e-06")])
def test_a_noise_map_that_lies_elsewhere_in_many_pixels_needs_force(model, tall, out, tmp_path, other, reached):
    given = noise_map(tmp_path / "map.fits", NOISE, 0.45, other)
    says = rf"map.fits: the noise in band g is {reached} nanomaggy in 45% of the pixels, .*trained for 0.05: .*--force"
    refused(says, model, [tall], out, **given)
    apply(model, [tall], out, force=True, **given)
    assert f"band i is {reached} nanomaggy in 45% of the pixels" in history_of(out)


def test_a_noise_map_that_lies_elsewhere_in_few_pixels_is_taken_and_says_so(model, tall, out, tmp_path, told):
    apply(model, [tall], out, **noise_map(tmp_path / "map.fits", NOISE, 0.01, 5.0))
    assert sum("up to 5 nanomaggy in 1% of the pixels" in line for line in told.messages) == 3
    assert "in band g is up to 5 nanomaggy in 1% of the pixels" in history_of(out)


def test_what_is_masked_may_have_any_noise(model, out, tmp_path, told):
    sky = make_sky(100)
    sky[:, :45] = np.nan
    image = make_fits(tmp_path / "b.fits", sky)
    apply(model, [image], out, **noise_map(tmp_path / "map.fits", NOISE, 0.45, 5.0))
    assert "trained for" not in told.text


def test_noise_that_grows_with_the_light_may_exceed_that_of_an_empty_sky(tall, out, tmp_path):
    poisson = make_card()["instrument"] | {"noise": {"kind": "poisson"}}
    model = make_model(tmp_path / "p.safetensors", instrument=poisson)
    apply(model, [tall], out, **noise_map(tmp_path / "bright.fits", NOISE, 0.3, 0.5))
    faint = noise_map(tmp_path / "faint.fits", NOISE, 0.3, 0.01)
    refused("down to 0.01 nanomaggy in 30%", model, [tall], tmp_path / "b.fits", **faint)
