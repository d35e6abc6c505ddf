import numpy as np
import pytest
from astropy.io import fits
from made_apply import GIVEN, refused
from made_model import FWHM, NOISE, make_fits, make_model

from pipeline.physics.psf import draw_psf
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
