import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.statistics import Bootstrap, holm, ranks, widening

GROUPS = [f"g{i // 4}" for i in range(48)]


def values(seed=0, groups=12, each=4, mean=0.0):
    random = np.random.default_rng(seed)
    return mean + np.repeat(random.normal(size=groups), each) + random.normal(size=groups * each)


def test_intervals_cover_the_truth_in_about_95_of_100_studies():
    bootstrap = Bootstrap([f"g{i // 4}" for i in range(80)], 400, 0)
    covered = 0
    for seed in range(300):
        estimate = bootstrap.mean(values(seed, 20))
        covered += estimate.low <= 0 <= estimate.high
    # 0.95 within three standard errors of 300 studies, and a percent for the percentiles of 20 groups.
    assert 0.90 <= covered / 300 <= 0.985


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_few_groups_seldom_make_a_verdict_of_nothing(groups):
    bootstrap = Bootstrap([f"g{i // 4}" for i in range(4 * groups)], 400, 0)
    found = [bootstrap.mean(values(seed, groups)) for seed in range(300)]
    # 5 in 100, and three standard errors of 300 studies.
    assert np.mean([one.low > 0 or one.high < 0 for one in found]) <= 0.09


def test_three_groups_that_differ_give_the_span_of_their_means_widened_for_so_few():
    bootstrap = Bootstrap(["a"] * 5 + ["b"] * 5 + ["c"] * 5, 4000, 0)
    estimate = bootstrap.mean(np.repeat([1.0, 2.0, 6.0], 5))
    expected = (3.0, 3 - 2 * widening(3), 3 + 3 * widening(3))
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx(expected)


def test_one_group_has_no_interval_and_no_p_value():
    bootstrap = Bootstrap(["a"] * 8, 400, 0)
    estimate = bootstrap.mean(np.arange(8.0))
    assert estimate.value == 3.5
    assert np.isnan([estimate.low, estimate.high, bootstrap.p_value(np.arange(8.0))]).all()


def test_one_image_many_times_is_one_image():
    copies = Bootstrap([f"g{i // 10}" for i in range(100)], 2000, 0).mean(np.repeat(np.arange(10.0), 10))
    single = Bootstrap([f"g{i}" for i in range(10)], 2000, 0).mean(np.arange(10.0))
    assert copies.high - copies.low == pytest.approx(single.high - single.low, rel=0.1)


def test_the_same_address_gives_the_same_interval_and_another_another():
    first, again, other = (Bootstrap(GROUPS, 500, *a).mean(values()) for a in ((0, "c"), (0, "c"), (0, "d")))
    assert first == again
    assert first != other


def test_a_resampling_draws_as_many_groups_as_there_are_each_with_all_of_its_items():
    weights = Bootstrap(["a", "b", "b", "c", "c", "c"], 200, 0).weights
    np.testing.assert_array_equal(weights[:, 1], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 3:5], weights[:, 4:6])
    np.testing.assert_array_equal(weights[:, [0, 1, 3]].sum(1), 3)
    assert weights.std() > 0


def test_the_median_of_resamplings_is_numpys():
    bootstrap = Bootstrap(GROUPS, 200, 0)
    found = bootstrap._resampled_medians(values())
    expected = [np.median(np.repeat(values(), w)) for w in bootstrap.weights]
    np.testing.assert_allclose(found, expected)


def test_missing_values_are_left_out_of_the_mean_the_median_and_the_test():
    kept = values(mean=1.0)
    holed = kept.copy()
    holed[::7] = np.nan
    bootstrap = Bootstrap(GROUPS, 500, 0)
    assert bootstrap.mean(holed).value == pytest.approx(np.nanmean(holed))
    assert bootstrap.median(holed).value == pytest.approx(np.nanmedian(holed))
    assert np.isfinite(bootstrap.p_value(holed))
    nothing = np.full(48, np.nan)
    assert np.isnan([bootstrap.mean(nothing).low, bootstrap.median(nothing).high, bootstrap.p_value(nothing)]).all()


def test_a_group_without_values_does_not_spoil_the_interval():
    holed = np.array([1.0, 2.0, 3.0, np.nan, np.nan])
    estimate = Bootstrap(["a", "a", "c", "b", "b"], 500, 0).mean(holed)
    assert np.isfinite([estimate.low, estimate.high]).all()


def test_p_values_are_small_for_a_clear_difference_and_seldom_small_for_none():
    bootstrap = Bootstrap([f"g{i // 4}" for i in range(80)], 400, 0)
    assert bootstrap.p_value(values(0, 20, mean=3.0)) == pytest.approx(2 / 401)
    found = [bootstrap.p_value(values(seed, 20)) for seed in range(200)]
    assert np.mean(np.array(found) < 0.05) < 0.12
    assert np.median(found) > 0.3


@settings(max_examples=20, deadline=None)
@given(shift=st.floats(-2, 2), factor=st.floats(0.01, 100))
def test_p_value_and_interval_agree_whatever_the_unit(shift, factor):
    bootstrap = Bootstrap(GROUPS, 300, 0)
    differences = factor * values(mean=shift)
    estimate, p_value = bootstrap.mean(differences), bootstrap.p_value(differences)
    assert p_value == bootstrap.p_value(-differences)
    if p_value < 0.045:
        assert estimate.low > 0 or estimate.high < 0
    if p_value > 0.065:
        assert estimate.low <= 0 <= estimate.high


def test_holm_by_hand():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.5, np.nan, 0.6])), [1.0, np.nan, 1.0])
    assert holm(np.array([])).size == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values):
    found = holm(np.array(p_values))
    assert (found >= np.array(p_values) - 1e-15).all()
    assert (np.diff(found[np.argsort(p_values, kind="stable")]) >= 0).all()


def test_equal_losses_share_the_better_rank_and_the_unknown_has_none():
    np.testing.assert_array_equal(ranks(np.array([2.0, 1.0, 1.0, np.nan, 5.0])), [3, 1, 1, np.nan, 4])
