import numpy as np
import pytest

from pipeline.evaluation.cluster_bootstrap import ClusterBootstrap
from pipeline.evaluation.statistics import Bootstrap, widening

FOLDS, GROUPS, ITEMS = 5, 4, 6
FOLD = [f"fold{k}" for k in range(FOLDS) for _ in range(GROUPS * ITEMS)]


def nested(seed, fold, group, item):
    """Values about 0 that scatter from fold to fold, group to group and item to item by these amounts."""
    random = np.random.default_rng(seed)
    shape = (FOLDS, GROUPS, ITEMS)
    values = sum(s * random.normal(size=shape[: n + 1] + (1,) * (2 - n)) for n, s in enumerate((fold, group, item)))
    return np.broadcast_to(values, shape).reshape(-1)


@pytest.mark.parametrize("scatter", [(1, 0.3, 0.3), (0.5, 1, 1), (0, 1, 0.5), (0, 0, 1)])
def test_intervals_cover_a_known_mean_at_95_percent_whatever_level_scatters(scatter):
    bootstrap, ones = ClusterBootstrap(FOLD, 1000, 0), np.ones(len(FOLD))
    samples = np.stack([nested(seed, *scatter) for seed in range(600)], 1)
    found = bootstrap.mean(samples, ones)
    # 0.95 within three standard errors of 600 studies, and a percent and a half for percentiles of five folds.
    assert 0.905 <= np.mean((found.low <= 0) & (found.high >= 0)) <= 0.985


def test_drawing_items_or_groups_covers_far_less_where_folds_differ():
    samples = [nested(seed, 1, 0.3, 0.3) for seed in range(200)]
    by_item = Bootstrap([str(n) for n in range(len(FOLD))], 300, 0)
    by_group = Bootstrap([str(n // ITEMS) for n in range(len(FOLD))], 300, 0)
    for bootstrap in (by_item, by_group):
        means = np.array([bootstrap.resampled_means(values) for values in samples])
        low, high = np.percentile(means, [2.5, 97.5], axis=1)
        assert np.mean((low <= 0) & (high >= 0)) < 0.75


def test_a_row_may_stand_for_many_values():
    values = nested(0, 1, 1, 1)
    rows = values.reshape(-1, ITEMS).sum(1)[:, None]
    each = ClusterBootstrap(FOLD, 500, 0).mean(values[:, None], np.ones(len(values)))
    summed = ClusterBootstrap(FOLD[::ITEMS], 500, 0).mean(rows, np.full(len(rows), ITEMS))
    np.testing.assert_allclose(each, summed)
    assert each.value == pytest.approx(values.mean())


def test_the_same_address_gives_the_same_interval_and_another_another():
    values = nested(0, 1, 1, 1)[:, None]
    first, again, other = (ClusterBootstrap(FOLD, 200, seed).mean(values, np.ones(len(FOLD))) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first.low != other.low


def test_few_clusters_widen_and_one_has_no_interval():
    # Student's t of 2 degrees of freedom is 4.303 at 97.5%, and the normal deviate 1.960.
    assert widening(3) == pytest.approx(np.sqrt(3 / 2) * 4.303 / 1.960, rel=1e-3)
    assert widening(10_000) == pytest.approx(1, abs=1e-3)
    alone = ClusterBootstrap(["a", "a"], 100, 0).mean(np.array([[1.0], [2.0]]), np.ones(2))
    assert alone.value == 1.5
    assert np.isnan([alone.low, alone.high]).all()
