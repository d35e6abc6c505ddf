import numpy as np
import pytest
import torch
from made_training import LINEAR, made_study, sky

from pipeline.image import Image
from pipeline.steps.degrade import observe

GAIN, READ_NOISE = 100.0, 2.0


def study(defects=None, **noise):
    given = {"kind": "poisson", "gain": [GAIN], "read_noise": READ_NOISE, **noise}
    return made_study(images=LINEAR, degrade={"psf": {"fwhm": ["3px"]}, "noise": given, "defects": defects or {}})


def seen(pixels, mask=None, defects=None, **noise):
    mask = np.zeros(pixels.shape, bool) if mask is None else mask
    scene = Image("a", pixels, mask, "nanomaggy", ("r", "g"))
    return observe(scene, study(defects, **noise), f"fwhm3px_gain{GAIN:g}", None)


def clean_of(observation, pixels):
    return observation.operator.forward(torch.from_numpy(pixels)[None])[0].numpy()


def decibels(error):
    return -10 * np.log10(np.mean(np.square(error)))


def test_sigma_tells_no_more_of_the_scene_than_the_data_do():
    pixels = sky(200, 220)
    observation = seen(pixels)
    preview, clean = observation.preview, clean_of(observation, pixels)
    decoded = (np.square(preview.sigma.astype(np.float64) * GAIN) - READ_NOISE**2) / GAIN
    # What is left of their noise by smoothing is a few dB less; from the scene itself 100 dB and more are read.
    assert decibels(decoded - clean) < decibels(preview.pixels - clean) + 10


@pytest.mark.parametrize("defects", [{}, {"cosmic_rays": 3000, "bad_columns": 0.03, "saturation": 4.0}])
def test_sigma_is_a_function_of_data_and_mask_alone(defects):
    mask = np.zeros((2, 70, 80), bool)
    mask[0, 30:36, 40:50] = True
    observation = seen(sky(70, 80), mask, defects)
    preview = observation.preview
    assert preview.mask[mask].all()
    again = observation.operator.noise.told_sigma(*(torch.from_numpy(a)[None] for a in (preview.pixels, preview.mask)))
    np.testing.assert_array_equal(preview.sigma, again[0].numpy())


def test_sigma_is_that_of_the_noise_within_what_photons_tell():
    pixels = sky(200, 220)
    observation = seen(pixels)
    clean = clean_of(observation, pixels)
    true = np.sqrt(np.maximum(clean, 0) * GAIN + READ_NOISE**2) / GAIN
    ratio = observation.preview.sigma / true
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert ratio.std() < 0.1
    chi2 = np.square((observation.preview.pixels - clean) / observation.preview.sigma)
    assert chi2.mean() == pytest.approx(1, abs=0.05)
    assert chi2[clean > np.percentile(clean, 99)].mean() == pytest.approx(1, abs=0.2)
