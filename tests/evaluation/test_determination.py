import numpy as np
import pytest

from pipeline.evaluation.determination import log_error, r_squared
from pipeline.evaluation.statistics import Bootstrap

TRUE = np.array([1.0, 10.0, 100.0, 1000.0])


def squared(measured, true=TRUE):
    true, measured = np.asarray(true, float), np.asarray(measured, float)
    bootstrap = Bootstrap([str(n) for n in range(len(true))], 200, 0)
    return r_squared(log_error(measured, true), true, bootstrap)


def test_r_squared_by_hand():
    assert squared(TRUE).value == 1
    # Of 0, 1, 2, 3 dex the squares about their mean sum to 5; 0.5 dex off everywhere leaves 4 x 0.25 = 1.
    assert squared(TRUE * 10**0.5).value == pytest.approx(1 - 1 / 5)
    assert squared(np.full(4, 10**1.5)).value == pytest.approx(0, abs=1e-12)
    assert squared(TRUE[::-1]).value == pytest.approx(1 - 20 / 5)


def test_it_knows_no_unit():
    random = np.random.default_rng(0)
    true = 10 ** random.normal(size=200)
    measured = true * 10 ** (0.3 * random.normal(size=200))
    found, scaled = squared(measured, true), squared(1e12 * measured, 1e12 * true)
    assert (found.value, found.low) == pytest.approx((scaled.value, scaled.low), rel=1e-6)
    # 0.3 dex of scatter on 1 dex of spread.
    assert found.value == pytest.approx(1 - 0.09, abs=0.03)
    assert found.low < found.value < found.high


def test_what_has_no_logarithm_is_left_out():
    assert np.isnan(log_error(np.array([-1.0, 0.0, 1.0]), np.array([1.0, 1.0, -1.0]))).all()
    assert squared([1.0, -5.0, 100.0, 1000.0]).value == 1


def test_too_few_sources_or_equal_ones_have_none():
    assert np.isnan(squared([1.0, 2.0, -1.0, -1.0]).value)
    assert np.isnan(squared([1.0, 2.0, 3.0], [5.0, 5.0, 5.0]).value)
