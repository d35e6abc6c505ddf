import numpy as np
import pytest
import torch
from skimage.data import hubble_deep_field

from pipeline.measures.noise import NoiseEstimateError, white_noise_of_strips, white_noise_sigma
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise, PoissonNoise
from pipeline.physics.psf import draw_psf
from pipeline.windowed import Plane

HUBBLE = np.moveaxis(hubble_deep_field()[:436, :500], -1, 0).astype(np.float32) / 255


def blurred(fwhm):
    psf = draw_psf("gaussian", fwhm).expand(3, -1, -1)
    return Blur(psf, GaussianNoise((0.0,) * 3)).forward(torch.from_numpy(HUBBLE)[None])[0].numpy()


def sigmas(image, mask=None):
    mask = np.zeros(image.shape[1:], bool) if mask is None else mask
    return np.array([white_noise_sigma(plane, mask) for plane in image])


@pytest.mark.parametrize("fwhm", [2.0, 3.0, 4.0])
@pytest.mark.parametrize("noise", [0.02, 0.05, 0.2])
def test_noise_on_a_blurred_crowded_field_is_found_within_a_tenth(fwhm, noise):
    image = blurred(fwhm) + noise * np.random.default_rng(1).standard_normal(HUBBLE.shape).astype(np.float32)
    np.testing.assert_allclose(sigmas(image), noise, rtol=0.05)


def test_every_band_has_its_own_noise_whatever_unit_and_pedestal():
    levels = np.array([0.02, 0.05, 0.2])
    noise = levels[:, None, None] * np.random.default_rng(2).standard_normal(HUBBLE.shape)
    image = ((blurred(3.0) + noise) * 1e-9 + 3e-8).astype(np.float32)
    np.testing.assert_allclose(sigmas(image), 1e-9 * levels, rtol=0.05)


def test_a_stamp_of_64_px_is_enough():
    image = blurred(3.0) + 0.05 * np.random.default_rng(3).standard_normal(HUBBLE.shape)
    found = [sigmas(image[:, y : y + 64, x : x + 64]) for y in range(0, 372, 90) for x in range(0, 436, 90)]
    np.testing.assert_allclose(found, 0.05, rtol=0.1)


def test_photon_noise_counts_as_the_sky_has_it():
    scene = torch.full((1, 1, 400, 400), 2.0)
    scene[..., :160, :] = 50.0
    noise = PoissonNoise((10.0,), (1.0,), (3.0,))
    seen = noise.draw(scene, [torch.Generator().manual_seed(0)])[0].numpy()
    np.testing.assert_allclose(sigmas(seen), noise.sigma(scene)[0, 0, -1, -1].item(), rtol=0.05)


def test_masked_pixels_are_not_looked_at():
    random = np.random.default_rng(4)
    image = random.standard_normal((1, 200, 200)).astype(np.float32)
    mask = random.random((200, 200)) < 0.2
    image[:, mask] = 1e6 * random.standard_normal(mask.sum())
    np.testing.assert_allclose(sigmas(image, mask), 1, rtol=0.05)


def test_a_band_in_strips_has_the_noise_of_the_whole():
    random = np.random.default_rng(4)
    plane, mask = random.standard_normal((200, 130)).astype(np.float32), random.random((200, 130)) < 0.2
    whole = white_noise_sigma(plane, mask)
    for rows in (1, 7, 64):
        strips = [Plane(plane[y : y + rows + 1], mask[y : y + rows + 1]) for y in range(0, 199, rows)]
        assert white_noise_of_strips(strips.__iter__) == whole


@pytest.mark.parametrize(
    ("plane", "mask", "says"),
    [
        (np.ones((64, 64)), np.zeros((64, 64), bool), "no noise"),
        (np.random.default_rng(0).random((64, 64)), np.ones((64, 64), bool), "too few"),
        (np.random.default_rng(0).random((1, 5000)), np.zeros((1, 5000), bool), "too few"),
    ],
)
def test_where_nothing_can_be_measured_it_says_so(plane, mask, says):
    with pytest.raises(NoiseEstimateError, match=says):
        white_noise_sigma(plane, mask)
