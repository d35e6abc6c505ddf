from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.observation import Observation
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.physics.transfer_function import transfer_function
from pipeline.restorers.whitened import point_response, whitened


def test_data_come_in_units_of_the_noise_and_go_back(truth, look):
    observation = look(truth)
    seen = whitened(observation)
    torch.testing.assert_close(seen.level.flatten(), torch.full((3,), 0.05, dtype=torch.float64), rtol=1e-6, atol=0)
    torch.testing.assert_close(seen.weight, torch.ones(3, 128, 160))
    back = seen.image(seen.data, observation.preview).pixels
    np.testing.assert_allclose(back, observation.preview.pixels, atol=1e-6)


def test_a_noisier_pixel_has_less_weight_and_a_masked_one_none(truth, look):
    mask = np.zeros(truth.shape, bool)
    mask[:, 0] = True
    observation = look(truth, mask=mask)
    sigma = observation.preview.sigma.copy()
    sigma[:, 64:] *= 2
    seen = whitened(replace(observation, preview=replace(observation.preview, sigma=sigma)))
    assert (seen.weight[:, 0] == 0).all()
    assert float(seen.weight[0, 30, 0] / seen.weight[0, 100, 0]) == pytest.approx(4)
    assert float(seen.weight[:, 1:].mean()) == pytest.approx(1, rel=1e-4)


def test_noise_of_zero_counts_as_little_not_as_none(truth, look):
    seen = whitened(look(truth, sigma=0.0))
    assert seen.weight.isfinite().all()
    assert 0 < float(seen.level.max()) < 1e-5


def test_the_response_to_a_point_is_the_psf():
    psf = torch.stack([draw_psf("gaussian", 3.0), draw_psf("gaussian", 3.0).roll(1, -1)])
    torch.testing.assert_close(point_response(Blur(psf, GaussianNoise((0.1, 0.1))), 2), psf.double(), atol=1e-7, rtol=0)


def test_the_transfer_function_blurs_as_the_instrument_does(truth, look):
    observation = look(truth)
    scene = torch.from_numpy(truth)
    transfer = transfer_function(point_response(observation.operator, 3), (128, 160)).to(torch.complex64)
    periodic = torch.fft.irfft2(transfer * torch.fft.rfft2(scene), s=(128, 160))
    expected = observation.operator.forward(scene[None])[0]
    torch.testing.assert_close(periodic[:, 10:-10, 10:-10], expected[:, 10:-10, 10:-10], atol=1e-5, rtol=0)


def test_an_observation_without_noise_map_is_refused(truth, look):
    observation = look(truth)
    with pytest.raises(ValueError, match="no noise map"):
        whitened(Observation(replace(observation.preview, sigma=None), observation.operator))
