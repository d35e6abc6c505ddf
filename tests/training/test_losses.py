import pytest
import torch

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.training.losses import absolute_error, deviation, feature_distance, reblurred_error, squared_error

ESTIMATE = torch.tensor([1.0, 5.0, -2.0, 100.0])
TARGET = torch.tensor([0.0, 3.0, -2.0, 0.0])
WEIGHT = torch.tensor([1.0, 1.0, 1.0, 0.0])


def test_errors_are_means_over_trusted_pixels():
    assert absolute_error(ESTIMATE, TARGET, WEIGHT).item() == pytest.approx(3 / 3)
    assert squared_error(ESTIMATE, TARGET, WEIGHT).item() == pytest.approx(5 / 3)


def test_a_crop_without_a_trusted_pixel_has_no_error():
    assert absolute_error(ESTIMATE, TARGET, 0 * WEIGHT).item() == 0
    assert squared_error(ESTIMATE, TARGET, 0 * WEIGHT).item() == 0


def test_an_untrusted_pixel_pulls_at_nothing():
    estimate = ESTIMATE.clone().requires_grad_()
    (absolute_error(estimate, TARGET, WEIGHT) + squared_error(estimate, TARGET, WEIGHT)).backward()
    assert estimate.grad[3] == 0
    assert estimate.grad[0] == pytest.approx(1 / 3 + 2 / 3)


def test_after_the_blur_a_level_counts_in_units_of_the_noise_and_ripples_do_not():
    blur = Blur(draw_psf("gaussian", 4.0)[None, None], GaussianNoise((0.0,)))
    level = torch.full((1, 1, 64, 64), 0.6)
    noise = torch.full_like(level, 0.2)
    ripples = level * (-1) ** torch.arange(64)
    assert reblurred_error(level, noise, blur).item() == pytest.approx(9, rel=1e-4)
    assert reblurred_error(ripples, noise, blur).item() == pytest.approx(0, abs=1e-5)


def test_features_that_agree_are_at_no_distance_and_layers_count_alike():
    fine, coarse = torch.ones(1, 4, 8, 8), torch.ones(1, 8, 2, 2)
    assert feature_distance([fine, coarse], [fine, coarse]).item() == 0
    assert feature_distance([fine, coarse + 3], [fine - 1, coarse]).item() == pytest.approx(2)


def test_the_deviation_of_normal_draws_is_their_standard_deviation():
    draws = 5 + 0.3 * torch.randn(2, 4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert deviation(draws, torch.ones_like(draws[0])).item() == pytest.approx(0.3, rel=0.01)
    many = 0.3 * torch.randn(8, 4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert deviation(many, torch.ones_like(many[0])).item() == pytest.approx(0.3, rel=0.01)
