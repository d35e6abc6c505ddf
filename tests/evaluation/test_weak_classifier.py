import numpy as np
import pytest

from pipeline.evaluation.weak_classifier import describe, judge


def test_classes_that_can_be_parted_give_finite_scores_in_their_order():
    features = np.array([[0.0], [0.1], [0.9], [1.0]])
    scores = judge(features, np.array([False, False, True, True]), np.array([[0.0], [0.5], [1.0]]))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()


def test_coefficients_are_those_of_the_penalised_likelihood():
    """At the maximum, the slope of the likelihood equals that of the penalty."""
    random = np.random.default_rng(0)
    features = random.standard_normal((200, 2))
    real = features[:, 0] + random.standard_normal(200) > 0
    x = (features - features.mean(0)) / features.std(0)
    weights = np.linalg.lstsq(x, judge(features, real, features), rcond=None)[0]
    level = np.linspace(-2, 2, 4001)
    chance = 1 / (1 + np.exp(-(x @ weights)[:, None] - level))
    best = chance[:, np.argmin(abs((real[:, None] - chance).sum(0)))]
    assert x.T @ (real - best) == pytest.approx(weights, abs=0.05)


def test_a_feature_that_never_changes_does_no_harm():
    features = np.array([[0.0, 5.0], [1.0, 5.0]])
    assert np.isfinite(judge(features, np.array([False, True]), features)).all()


def test_white_noise_has_a_flat_spectrum_and_its_own_scatter():
    noise = np.random.default_rng(0).standard_normal((50, 2, 32, 32))
    described = describe(noise).mean(0)
    assert described[:16] == pytest.approx(np.zeros(16), abs=0.35)
    assert described[17] == pytest.approx(1, abs=0.02)
