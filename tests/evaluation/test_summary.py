import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.summary import COLUMNS, best_classical, summarise_condition

METHODS = ["degraded", "wiener", "nafnet_faithful"]


def table(psnr, images=24, metric="psnr"):
    random = np.random.default_rng(0)
    scene = random.normal(25, 3, size=images)
    rows = [
        (f"i{i}", f"i{i}", f"g{i // 2}", "c", method, "linear", metric, scene[i] + gain + random.normal(0, 0.2))
        for method, gain in psnr.items()
        for i in range(images)
    ]
    return pd.DataFrame(rows, columns=["image", "item", "group", "condition", "method", "space", "metric", "value"])


def summarised(scores, reference="wiener"):
    return summarise_condition(scores, METHODS, reference, 500, 0).set_index("method")


def test_the_best_on_the_tune_role_is_the_reference_and_degraded_only_if_alone():
    assert best_classical({"degraded": 30.0, "wiener": 27.0, "total_variation": 28.0}) == "total_variation"
    assert best_classical({"degraded": 30.0, "wiener": 27.0, "total_variation": 27.0}) == "wiener"
    assert best_classical({"degraded": 24.0}) == "degraded"


def test_differences_are_paired_so_that_unequal_images_do_not_hide_them():
    summary = summarised(table({"degraded": 0.0, "wiener": 2.0, "nafnet_faithful": 4.0}))
    row = summary.loc["nafnet_faithful"]
    assert row["difference"] == pytest.approx(2.0, abs=0.2)
    assert row["difference_high"] - row["difference_low"] < 0.3
    assert row["high"] - row["low"] > 1
    assert row["p_value"] == pytest.approx(2 * 2 / 501)
    assert list(summary["rank"]) == [3, 2, 1]
    assert set(summary["reference"]) == {"wiener"}


def test_the_reference_differs_from_itself_by_nothing_and_is_not_tested():
    row = summarised(table({"degraded": 0.0, "wiener": 2.0, "nafnet_faithful": 4.0})).loc["wiener"]
    assert (row["difference"], row["difference_low"], row["difference_high"]) == (0, 0, 0)
    assert np.isnan(row["p_value"])


def test_median_mean_and_count_are_those_of_the_values():
    scores = table({"degraded": 0.0, "wiener": 2.0})
    scores.loc[scores.index[:3], "value"] = np.nan
    expected = scores.loc[scores["method"] == "degraded", "value"]
    row = summarised(scores).loc["degraded"]
    assert row["median"] == pytest.approx(expected.median())
    assert row["mean"] == pytest.approx(expected.mean())
    assert row["n"] == 21
    assert row["low"] <= row["median"] <= row["high"]


def test_a_chi_square_nearest_to_one_ranks_first():
    scores = table({"degraded": 0.0, "wiener": 0.0, "nafnet_faithful": 0.0}, metric="chi2_dof")
    for method, value in {"degraded": 3.0, "wiener": 0.5, "nafnet_faithful": 1.1}.items():
        scores.loc[scores["method"] == method, "value"] = value
    assert summarised(scores)["rank"].to_dict() == {"nafnet_faithful": 1, "wiener": 2, "degraded": 3}


def test_biases_of_opposite_sign_do_not_cancel_in_the_rank():
    scores = table({"degraded": 0.0, "wiener": 0.0}, metric="flux_bias_r3")
    scores.loc[scores["method"] == "wiener", "value"] = 0.1
    scores.loc[scores["method"] == "degraded", "value"] = np.resize([0.5, -0.5], 24)
    assert summarised(scores)["rank"].to_dict() == {"wiener": 1, "degraded": 2}


def test_blocks_of_one_image_speak_for_the_field_and_many_images_for_the_population():
    scores = table({"degraded": 0.0, "wiener": 2.0})
    assert set(summarised(scores)["scope"]) == {"population"}
    assert set(summarised(scores.assign(image="hubble"))["scope"]) == {"field"}


def test_the_order_of_the_rows_changes_nothing():
    scores = table({"degraded": 0.0, "wiener": 2.0, "nafnet_faithful": 4.0})
    shuffled = scores.sample(frac=1, random_state=1)
    first, second = (summarise_condition(t, METHODS, "wiener", 200, 0) for t in (scores, shuffled))
    pd.testing.assert_frame_equal(first, second)
    assert list(first.columns) == list(COLUMNS)
