import numpy as np
import pytest

from pipeline.evaluation.field.block_means import chi_square, mean_finding


def vectors(seed, count=60, shift=0.0):
    random = np.random.default_rng(seed)
    # Correlated, as neighbouring bins of a histogram are.
    return random.normal(size=(count, 5)) @ (np.eye(5) + 0.4 * np.eye(5, k=1)) + shift


def test_chi_square_is_about_1_where_nothing_differs_and_knows_no_units():
    values = [chi_square(vectors(s), vectors(100 + s)) for s in range(40)]
    assert np.mean(values) == pytest.approx(1, abs=0.2)
    assert chi_square(9 * vectors(0), 9 * vectors(1)) == pytest.approx(chi_square(vectors(0), vectors(1)))


def test_a_difference_is_found_and_a_perfect_generator_is_not():
    same = mean_finding("p", "q", "g", vectors(0), vectors(1), 0)
    other = mean_finding("p", "q", "g", vectors(0), vectors(1, shift=0.7), 0)
    assert same.p_value > 0.05
    assert same.value < same.perfect_high
    assert other.p_value < 0.01
    assert other.low > other.perfect_high
    assert other.perfect == pytest.approx(1, abs=0.3)


def test_a_bin_that_is_empty_everywhere_says_nothing():
    one, other = vectors(0), vectors(1)
    padded = [np.column_stack([v, np.zeros(len(v))]) for v in (one, other)]
    assert np.isfinite(chi_square(*padded))
    assert chi_square(np.zeros((9, 2)), np.zeros((9, 2))) == 0


@pytest.mark.parametrize("scatter", [0.3, 1.0, 3.0])
def test_a_sky_that_scatters_less_or_more_about_the_same_mean_is_not_called_another(scatter):
    real = [vectors(seed, 40) for seed in range(6)]
    made = [scatter * vectors(100 + seed, 400) for seed in range(6)]
    # Means of 400 blocks lie near 0 and those of 40 within their own scatter.
    found = [mean_finding("p", "q", "g", one, other - other.mean(0), 0).p_value for one, other in zip(real, made)]
    assert np.mean(np.array(found) < 0.05) <= 0.34
    assert np.median(found) > 0.1
