import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.statistics import Bootstrap, holm, ranks

GROUPS = [f"g{i // 4}" for i in range(48)]


def values(seed=0, groups=12, each=4, mean=0.0):
    random = np.random.default_rng(seed)
    return mean + np.repeat(random.normal(size=groups), each) + random.normal(size=groups * each)


def test_intervals_cover_the_truth_in_about_95_of_100_studies():
    bootstrap = Bootstrap([f"g{i // 4}" for i in range(80)], 400, 0)
    covered = 0
    for seed in range(300):
        means = bootstrap.resampled_means(values(seed, 20))
        low, high = np.percentile(means, [2.5, 97.5])
        covered += low <= 0 <= high
    # 0.95 within three standard errors of 300 studies, and a percent for the percentiles of 20 groups.
    assert 0.90 <= covered / 300 <= 0.985


def test_three_groups_that_differ_give_the_span_of_their_means():
    bootstrap = Bootstrap(["a"] * 5 + ["b"] * 5 + ["c"] * 5, 4000, 0)
    estimate = bootstrap.mean(np.repeat([1.0, 2.0, 6.0], 5))
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((3.0, 1.0, 6.0))


def test_one_image_many_times_is_one_image():
    copies = Bootstrap([f"g{i // 10}" for i in range(100)], 2000, 0).mean(np.repeat(np.arange(10.0), 10))
    single = Bootstrap([f"g{i}" for i in range(10)], 2000, 0).mean(np.arange(10.0))
    assert copies.high - copies.low == pytest.approx(single.high - single.low, rel=0.1)


def test_the_same_address_gives_the_same_interval_and_another_another():
    first, again, other = (Bootstrap(GROUPS, 500, *a).mean(values()) for a in ((0, "c"), (0, "c"), (0, "d")))
    assert first == again
    assert first != other


def test_a_resampling_draws_whole_groups_and_as_many_items_as_these_have():
    weights = Bootstrap(["a", "b", "b", "c", "c", "c"], 200, 0).weights
    by_group = np.stack([weights[:, :1].sum(1), weights[:, 1:3].sum(1) / 2, weights[:, 3:].sum(1) / 3])
    np.testing.assert_array_equal(by_group, by_group.round())
    np.testing.assert_array_equal(by_group.sum(0), 3)
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
    holed = np.array([1.0, 2.0, np.nan, np.nan])
    estimate = Bootstrap(["a", "a", "b", "b"], 500, 0).mean(holed)
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
