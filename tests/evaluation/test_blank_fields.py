import numpy as np
import pytest
import torch

from pipeline.evaluation.blank_fields import blank_field, light_of_false_sources, point_source_limit
from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf

SKY, SIGMA = (0.1, 0.3), (0.02, 0.05)


def observation(size=200):
    psf = draw_psf("gaussian", 3.0).float()
    pixels = np.random.default_rng(0).random((2, size, size)).astype(np.float32)
    seen = Image("field", pixels, pixels > 0.9, "display", ("g", "r"), sigma=np.ones_like(pixels))
    return Observation(seen, Blur(torch.stack([psf, psf]), GaussianNoise(SIGMA)))


def test_a_blank_field_holds_the_sky_and_the_noise_of_the_instrument_and_nothing_else():
    blank = blank_field(observation(), SKY, 1).preview
    np.testing.assert_allclose(blank.pixels.mean((1, 2)), SKY, atol=1e-3)
    np.testing.assert_allclose(blank.pixels.std((1, 2)), SIGMA, rtol=0.02)
    np.testing.assert_allclose(blank.sigma.mean((1, 2)), SIGMA, rtol=1e-5)
    assert not blank.mask.any()


def test_its_noise_is_a_function_of_the_address():
    one, again, other = (blank_field(observation(), SKY, address).preview.pixels for address in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).mean() > 0.99


def test_a_point_source_at_the_limit_is_five_sigmas_of_a_fit():
    psf = draw_psf("gaussian", 3.0).double().numpy()
    limit = point_source_limit([0.05], psf[None])
    random = np.random.default_rng(0)
    fluxes = [
        (psf * (limit * psf + 0.05 * random.standard_normal(psf.shape))).sum() / (psf**2).sum() for _ in range(2000)
    ]
    assert np.mean(fluxes) / np.std(fluxes) == pytest.approx(5, rel=0.1)
    # Independent noise of four equal bands halves it.
    assert point_source_limit([0.05] * 4, np.stack([psf] * 4)) == pytest.approx(limit / 2)


def test_planted_light_is_found_and_an_even_sky_holds_none():
    restored = np.full((2, 60, 60), 0.2)
    assert not len(light_of_false_sources(restored, 0.2, 0.05))
    restored[:, 20:23, 30:33] += 0.1
    np.testing.assert_allclose(light_of_false_sources(restored, 0.2, 0.05), [0.9])
