import numpy as np
import pytest
from scipy.stats import norm

from pipeline.measures.conformal import PROBABILITIES
from pipeline.measures.predictive import crps, crps_of_draws, interval_score, probability_transform

VALUES = np.random.default_rng(0).normal(1.0, 2.0, 100_000)


def gaussian_crps(x):
    """Gneiting and Raftery 2007, eq. 21, for a standard normal distribution."""
    return x * (2 * norm.cdf(x) - 1) + 2 * norm.pdf(x) - 1 / np.sqrt(np.pi)


def quantiles(mean, sigma):
    return (np.full(VALUES.shape, mean + sigma * q) for q in norm.ppf(PROBABILITIES))


def test_crps_of_a_normal_distribution_is_the_closed_form():
    found = crps(VALUES, quantiles(1, 2), PROBABILITIES)
    assert found.mean() == pytest.approx(2 / np.sqrt(np.pi), rel=0.01)
    inside = np.abs(VALUES - 1) < 4
    np.testing.assert_allclose(found[inside], 2 * gaussian_crps((VALUES[inside] - 1) / 2), atol=0.03)


@pytest.mark.parametrize("n", [2, 8, 32])
def test_the_score_of_draws_is_that_of_their_distribution_however_few_they_are(n):
    draws = np.random.default_rng(1).normal(1.0, 2.0, (n, len(VALUES)))
    found = crps_of_draws(VALUES, draws)
    assert found.shape == VALUES.shape
    assert found.mean() == pytest.approx(2 / np.sqrt(np.pi), rel=0.02)
    steps = crps(VALUES, np.sort(draws, axis=0), (np.arange(n) + 0.5) / n)
    assert steps.mean() == pytest.approx((1 + 1 / n) * 2 / np.sqrt(np.pi), rel=0.02)


def test_a_single_draw_has_no_score():
    with pytest.raises(ValueError, match="two or more"):
        crps_of_draws(VALUES, VALUES[None])


@pytest.mark.parametrize(("mean", "sigma"), [(1.5, 2), (1, 1.5), (1, 3)])
def test_the_true_distribution_scores_best(mean, sigma):
    assert (
        crps(VALUES, quantiles(1, 2), PROBABILITIES).mean() < crps(VALUES, quantiles(mean, sigma), PROBABILITIES).mean()
    )


def test_the_interval_score_of_a_normal_distribution_is_the_closed_form():
    """Width, and the mean excess over a quantile: ``sigma (phi(z) - z (1 - Phi(z)))`` at each end."""
    for level in (0.68, 0.95):
        z = norm.ppf((1 + level) / 2)
        expected = 2 * (2 * z + 2 * 2 / (1 - level) * (norm.pdf(z) - z * norm.sf(z)))
        found = interval_score(VALUES, np.full(VALUES.shape, 1 - 2 * z), np.full(VALUES.shape, 1 + 2 * z), level)
        assert found.mean() == pytest.approx(expected, rel=0.01)
        worse = [
            interval_score(VALUES, VALUES * 0 + 1 - w, VALUES * 0 + 1 + w, level).mean() for w in (1.7 * z, 2.4 * z)
        ]
        assert found.mean() < min(worse)


def test_a_value_inside_costs_the_width_and_one_outside_its_distance_too():
    score = interval_score(np.array([0.0, 2.0, -3.0]), np.full(3, -1.0), np.full(3, 1.0), 0.95)
    np.testing.assert_allclose(score, [2, 2 + 40 * 1, 2 + 40 * 2])


def test_the_transform_of_an_honest_distribution_is_uniform():
    found = probability_transform((VALUES - 1) / 2, norm.ppf(PROBABILITIES), PROBABILITIES)
    shares = np.histogram(found, np.linspace(0, 1, 21))[0] / len(found)
    np.testing.assert_allclose(shares, 0.05, atol=0.004)
    assert found.min() > 0
    assert found.max() < 1
