import pytest
import torch

from pipeline.training.losses import absolute_error, squared_error

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
