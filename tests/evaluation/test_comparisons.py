import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.blocks import blocks_of, together
from pipeline.evaluation.comparisons import COMPARED, compared, corrected, members, ranked

METHODS = ["degraded", "wiener", "total_variation", "nafnet_faithful"]
GAINS = {"degraded": 0.0, "wiener": 2.0, "total_variation": 2.01, "nafnet_faithful": 4.0}


def scores(gains=None, metric_scale=1.0, groups=24, seed=0, noise=0.3):
    """Groups of one to three items in four folds, alike within a group and unlike between them."""
    random = np.random.default_rng(seed)
    rows = []
    for g in range(groups):
        scene = random.normal(25, 3)
        for i in range(1 + g % 3):
            for method, gain in (gains or GAINS).items():
                value = metric_scale * (scene + gain + noise * random.normal())
                rows.append((f"i{g}/{i}", f"g{g}", g % 4, method, value))
    return pd.DataFrame(rows, columns=["item", "group", "fold", "method", "value"])


def pairs_of(table, reference="wiener", name="psnr", seed=0):
    return compared(blocks_of(table, name, METHODS), reference, 400, seed)


def pair(table, method, other):
    return table[(table["method"] == method) & (table["other"] == other)].iloc[0]


def test_the_gain_is_the_mean_paired_difference_and_its_intervals_hold_it():
    table = scores()
    row = pair(pairs_of(table), "nafnet_faithful", "wiener")
    wide = table.pivot(index="item", columns="method", values="value")
    assert row["gain"] == pytest.approx((wide["nafnet_faithful"] - wide["wiener"]).mean())
    assert row["low_groups"] < row["gain"] < row["high_groups"]
    assert row["low_folds"] < row["gain"] < row["high_folds"]
    assert (row["folds"], row["groups"], row["items"]) == (4, 24, 48)
    assert (row["rank_biserial"], row["ahead"]) == (1, 1)
    assert 0 < row["cliffs_delta"] < 1
    assert row["p_value"] < 1e-6


def test_networks_that_differ_from_fold_to_fold_widen_the_interval_over_folds_alone():
    table = scores()
    luck = table["fold"].map({0: -1.5, 1: 1.5, 2: -1.0, 3: 1.0})
    table["value"] += luck.where(table["method"] == "nafnet_faithful", 0)
    row = pair(pairs_of(table), "nafnet_faithful", "wiener")
    assert row["high_folds"] - row["low_folds"] > 2 * (row["high_groups"] - row["low_groups"])


def test_every_pair_is_there_once_and_the_reference_stands_as_the_other():
    table = pairs_of(scores())
    assert len(table) == 6
    assert set(table.loc[table["other"] == "wiener", "method"]) == {"degraded", "total_variation", "nafnet_faithful"}
    assert "wiener" not in set(table["method"])


def test_p_values_of_pairs_know_how_many_pairs_there_are():
    table = pairs_of(scores())
    least = table["p_value"].min()
    assert table["p_pairs"].min() == pytest.approx(6 * least)
    assert (table["p_pairs"] >= table["p_value"]).all()


def test_p_values_against_the_reference_know_all_methods_and_conditions():
    parts = [
        pairs_of(scores(seed=n)).assign(condition=name, space="linear", metric="psnr")
        for n, name in enumerate(("a", "b"))
    ]
    table = corrected(pd.concat(parts), {"a": "wiener", "b": "wiener"})
    asked = table[table["other"] == "wiener"]
    assert list(table.columns) == list(COMPARED)
    assert len(asked) == 6
    assert asked["p_reference"].min() == pytest.approx(min(6 * asked["p_value"].min(), 1))
    assert table.loc[table["other"] != "wiener", "p_reference"].isna().all()


def test_where_lower_is_better_a_gain_is_a_fall():
    # Mean absolute errors: that of the network is the lowest.
    table = scores({"degraded": 5.0, "wiener": 2.0, "nafnet_faithful": 1.0})
    row = pair(pairs_of(table, name="mae"), "nafnet_faithful", "wiener")
    assert row["gain"] == pytest.approx(1.0, abs=0.2)
    assert row["ahead"] > 0.9


def test_items_that_a_method_has_no_value_of_count_for_none():
    table = scores()
    table.loc[(table["method"] == "wiener") & (table["group"] == "g2"), "value"] = np.nan
    row = pair(pairs_of(table), "nafnet_faithful", "total_variation")
    assert (row["groups"], row["items"]) == (23, 45)


def test_methods_that_cannot_be_told_apart_share_a_letter():
    blocks = blocks_of(scores(), "psnr", METHODS)
    table = ranked(blocks, compared(blocks, "wiener", 200, 0))
    assert table["method"].iloc[0] == "nafnet_faithful"
    assert table["mean_rank"].iloc[[0, 3]].tolist() == [1, 4]
    assert [set(one) for one in members(table)] == [{"nafnet_faithful"}, {"total_variation", "wiener"}, {"degraded"}]
    assert table["p_value"].iloc[0] < 1e-6


def test_three_groups_tell_nothing_apart():
    blocks = blocks_of(scores(groups=3, noise=0), "psnr", METHODS)
    table = ranked(blocks, compared(blocks, "wiener", 200, 0))
    assert list(members(table)) == [table["method"].tolist()]


def test_conditions_together_weigh_each_item_once_per_condition():
    first, second = scores(), scores(seed=1)
    second["value"] += second["method"].map({"nafnet_faithful": 2.0}).fillna(0)
    whole = together([blocks_of(part, "psnr", METHODS) for part in (first, second)])
    row = pair(compared(whole, None, 200, 0), "nafnet_faithful", "wiener")
    assert row["gain"] == pytest.approx(3.0, abs=0.2)
    assert (row["groups"], row["items"]) == (24, 96)


def test_a_method_that_lacks_a_condition_is_left_out_of_all_together():
    second = scores({"degraded": 0.0, "wiener": 2.0})
    whole = together([blocks_of(part, "psnr", METHODS) for part in (scores(), second)])
    assert whole.methods == ["degraded", "wiener"]


def test_the_same_seed_gives_the_same_table_whatever_the_order_of_rows():
    table = scores()
    first, again = pairs_of(table), pairs_of(table.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first, again)
    assert not first["low_folds"].equals(pairs_of(table, seed=1)["low_folds"])


def test_nothing_scored_is_an_empty_table():
    blocks = blocks_of(scores({"degraded": 0.0}), "psnr", METHODS)
    found = compared(blocks, None, 200, 0)
    assert found.empty
    assert list(found.columns) == list(COMPARED)
    assert ranked(blocks, found)["mean_rank"].tolist() == [1]
