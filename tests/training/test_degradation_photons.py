import numpy as np
import pytest
import torch
from made_training import LINEAR, degrader, made_study, sky, write_sky

from pipeline.physics.noise import PoissonNoise
from pipeline.tiling import Window
from pipeline.training import flaws
from pipeline.training.regions import Region

GAIN, READ_NOISE, CROP = 100.0, 2.0, 48
LAW = PoissonNoise((GAIN,) * 2, (READ_NOISE,) * 2, (0.0,) * 2)
REACH = 4
"""Pixels on each side that the sigma of one goes by."""


def batch(path, pixels, count=8, mask=None, **noise):
    given = {"kind": "poisson", "gain": [GAIN], "read_noise": READ_NOISE, **noise}
    study = made_study(images=LINEAR, degrade={"psf": {"fwhm": ["3px"]}, "noise": given})
    stored = write_sky(path / "images.h5", pixels, masks=None if mask is None else {0: mask})
    return degrader(stored, [Region("field0", Window(0, 0, *pixels.shape[1:]))], study).batch(0, count=count, crop=CROP)


def inner(image):
    return image[..., REACH:-REACH, REACH:-REACH]


@pytest.mark.parametrize("dead", [0, 1])
def test_a_network_is_told_the_sigma_that_an_observation_of_its_data_would_have(tmp_path, monkeypatch, dead):
    monkeypatch.setattr(flaws, "BORDER_SHARE", 0)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", dead)
    mask = np.zeros((2, 200, 220), bool)
    mask[0, 60:100, 60:100] = True
    inputs = batch(tmp_path, sky(200, 220), mask=mask).inputs
    assert (inputs.valid < 1).any()
    # Masked data have been filled already.
    torch.testing.assert_close(inner(inputs.sigma), inner(LAW.told_sigma(inputs.preview)))


def test_beyond_a_border_the_sigma_is_that_of_mirrored_data(tmp_path, monkeypatch):
    monkeypatch.setattr(flaws, "BORDER_SHARE", 1)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 0)
    inputs = batch(tmp_path, sky(200, 220), count=32).inputs
    assert (inputs.valid == 0).any()
    torch.testing.assert_close(inner(inputs.sigma), inner(LAW.told_sigma(inputs.preview)))


def test_a_placeholder_reaches_no_sigma(tmp_path):
    mask = np.zeros((2, 150, 150), bool)
    mask[:, 70:90, 60:80] = True
    told = [
        batch(tmp_path, np.where(mask, value, sky(150, 150)).astype(np.float32), mask=mask).inputs.sigma
        for value in (0.0, 1e6)
    ]
    assert torch.equal(*told)
