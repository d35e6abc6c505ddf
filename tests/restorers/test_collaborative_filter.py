"""BM3D: what is known of images that are flat, repeated, or without noise."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means

from pipeline.restorers.collaborative_filter import REACH, collaborative_filter, spread_of_coefficients

SIZE = 64


def noise(*address, shape=(SIZE, SIZE)):
    return torch.from_numpy(np.random.default_rng(address).normal(size=shape).astype(np.float32))


def texture():
    """A tile of 11 px, again and again, of standard deviation 1."""
    tile = np.random.default_rng(5).normal(size=(11, 11)).astype(np.float32)
    return torch.from_numpy(np.tile(tile, (6, 6))[:SIZE, :SIZE].copy())


def rms(image):
    return float(image.square().mean().sqrt())


def test_of_white_noise_on_a_flat_image_a_small_part_is_left():
    assert rms(collaborative_filter(7 + noise(0), 1.0) - 7) < 0.25


def test_a_texture_that_comes_again_is_denoised_better_than_by_non_local_means():
    scene, strengths = texture(), (0.4, 0.6, 0.8, 1.0)
    noisy = scene + noise(1)
    means = [denoise_nl_means(noisy.numpy(), 5, REACH, h=strength, sigma=1.0) for strength in strengths]
    best = min(rms(torch.from_numpy(m) - scene) for m in means)
    assert min(rms(collaborative_filter(noisy, strength) - scene) for strength in strengths) < 0.9 * best


def test_the_mean_is_kept_and_a_constant_goes_through():
    noisy = texture() + noise(2)
    denoised = collaborative_filter(noisy, 1.0)
    assert float(denoised.mean()) == pytest.approx(float(noisy.mean()), abs=0.03)
    # Rounding may carry a coefficient across the threshold.
    assert rms(collaborative_filter(noisy + 500, 1.0) - 500 - denoised) < 0.01


@pytest.mark.parametrize("turned", [lambda i: i.T, lambda i: i.flip(0), lambda i: i.flip(1)])
def test_a_mirror_image_is_denoised_to_the_mirror_image(turned):
    noisy = (texture() + noise(3))[:, :50]
    one = collaborative_filter(turned(noisy).contiguous(), 1.0)
    assert rms(one - turned(collaborative_filter(noisy, 1.0))) < 0.02


def test_an_image_without_noise_comes_back():
    scene = texture()
    torch.testing.assert_close(collaborative_filter(scene, 1e-6), scene, atol=1e-4, rtol=0)


def test_a_large_image_is_worked_through_in_parts_and_comes_out_the_same(monkeypatch):
    noisy = texture() + noise(4)
    whole = collaborative_filter(noisy, 1.0)
    monkeypatch.setattr("pipeline.restorers.collaborative_filter.TOGETHER", 1)
    assert rms(collaborative_filter(noisy, 1.0) - whole) < 0.02


def test_white_noise_is_as_strong_in_every_coefficient():
    torch.testing.assert_close(spread_of_coefficients(noise(6, shape=(256, 256))), torch.ones(64), atol=0.1, rtol=0)


def test_noise_that_is_told_to_be_smooth_leaves_fine_detail_better():
    def smooth(*address):
        return torch.from_numpy(gaussian_filter(noise(*address).numpy(), 1.0) / 0.28)

    scene = texture()
    told = collaborative_filter(scene + smooth(7), spread_of_coefficients(smooth(8)))
    assert rms(told - scene) < 0.9 * rms(collaborative_filter(scene + smooth(7), 1.0) - scene)
