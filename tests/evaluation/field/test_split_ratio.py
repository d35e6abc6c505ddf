import numpy as np
import pytest
from made_sky import catalogue
from scipy.stats import wasserstein_distance

from pipeline.evaluation.field import split_ratio as module
from pipeline.evaluation.field.split_ratio import distance_finding, median_ratio, ratio_finding, wasserstein


@pytest.fixture(autouse=True)
def _few_resamplings(monkeypatch):
    monkeypatch.setattr(module, "RESAMPLINGS", 40)
    monkeypatch.setattr(module, "FEWER_SPLITS", 8)


def magnitudes(seed, **changes):
    return catalogue(seed, **changes)[0].values("magnitude_g")


def test_the_distance_is_that_of_the_literature():
    random = np.random.default_rng(0)
    some, others = random.normal(size=50), random.normal(1, 2, 50)
    assert wasserstein(some, others) == pytest.approx(wasserstein_distance(some, others))


def test_a_perfect_generator_gets_about_1_and_is_not_found_out():
    values = [ratio_finding("c", "m", "g", magnitudes(0), magnitudes(s), wasserstein, s) for s in range(1, 5)]
    assert np.median([f.value for f in values]) == pytest.approx(1, abs=0.35)
    assert sum(f.p_value < 0.05 for f in values) <= 1
    for found in values:
        assert found.perfect == pytest.approx(1, abs=0.2)
        assert found.perfect_low < 1 < found.perfect_high
        assert found.low < found.value < found.high


def test_a_shift_is_told_in_units_of_what_halves_of_real_sky_differ_by():
    found = ratio_finding("c", "m", "g", magnitudes(0), magnitudes(1, brightness=1.0), wasserstein, 0)
    # Halves of 400 normal values are about 0.07 apart in the mean distance.
    assert 8 < found.value < 25
    assert found.low > found.perfect_high
    assert found.p_value < 0.03


def test_unequal_numbers_of_sources_make_no_difference():
    few = ratio_finding("c", "m", "g", magnitudes(0), magnitudes(3, count=300), wasserstein, 0)
    assert few.perfect_low < few.value < few.perfect_high * 1.3
    assert few.n < 200


def test_where_there_are_no_sources_nothing_is_said():
    found = ratio_finding("c", "m", "g", magnitudes(0), [np.zeros(0)] * 64, wasserstein, 0)
    assert np.isnan(found.value)
    assert found.n == 0


def test_the_median_of_several_quantities_is_between_them():
    real, made = catalogue(0)[0], catalogue(1, brightness=1.0)[0]
    names = ["magnitude_g", "size", "y"]
    found = median_ratio(*({q: sky.values(q) for q in names} for sky in (real, made)), "catalogue", 0)
    assert found.n == 3
    assert 0.4 < found.value < 2.5
    assert found.perfect == pytest.approx(1, abs=0.3)


def test_a_distance_that_is_zero_on_average_is_given_as_it_is():
    def signed(some, others):
        return float(others.mean() - some.mean())

    found = distance_finding("c", "m", "g", magnitudes(0), magnitudes(1, brightness=0.5), signed, 0)
    assert found.value == pytest.approx(0.5, abs=0.1)
    assert found.perfect == pytest.approx(0, abs=0.05)
