import numpy as np
import pytest

from pipeline.evaluation.kernel_distance import kernel_distance


def test_two_draws_of_one_distribution_are_at_no_distance_on_average():
    random = np.random.default_rng(0)
    found = [kernel_distance(*random.standard_normal((2, 30, 5))) for _ in range(200)]
    assert np.mean(found) == pytest.approx(0, abs=3 * np.std(found) / np.sqrt(200))


def test_a_known_distance():
    # One feature, x = 1 for some and x = 0 for others: ((1 + 1)^3 - 2 + 1).
    assert kernel_distance(np.ones((4, 1)), np.zeros((3, 1))) == pytest.approx(8 + 1 - 2)


def test_it_grows_with_the_distance_of_the_means_and_takes_both_sides_alike():
    random = np.random.default_rng(1)
    some, others = random.standard_normal((2, 60, 4))
    near, far = (kernel_distance(some, others + shift) for shift in (0.5, 1.0))
    assert 0 < near < far
    assert kernel_distance(some, others) == pytest.approx(kernel_distance(others, some))
