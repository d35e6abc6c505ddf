import numpy as np
import pandas as pd

from pipeline.evaluation.outliers import first_psnr, outliers


def scores(**changed):
    """Nine items in each of two folds, from 20 to 28 dB by `wiener` and 2 dB better by `nafnet`; some are changed."""
    rows = [
        (f"f{fold}i{n}", fold, method, 20.0 + n + gain)
        for fold in (0, 1)
        for n in range(9)
        for method, gain in (("wiener", 0), ("nafnet", 2))
    ]
    table = pd.DataFrame(rows, columns=["item", "fold", "method", "value"])
    for name, value in changed.items():
        item, method = name.split("_")
        table.loc[(table["item"] == item) & (table["method"] == method), "value"] = value
    return table


def test_nothing_is_outside_of_even_boxes():
    assert outliers(scores()) == []


def test_an_item_is_named_with_its_fold_its_score_and_the_methods_that_failed():
    # The box of fold 0 then is 22 to 26 (25th and 75th percentiles of 2, 21, ..., 28): the lower fence lies at 16.
    (found,) = outliers(scores(f0i0_wiener=2.0, f0i0_nafnet=14.0))
    assert (found.item, found.fold, found.low) == ("f0i0", 0, True)
    assert found.methods == ("wiener", "nafnet")
    assert (found.value, found.median) == (2.0, 24.0)
    assert found.distance == (22 - 2) / 4


def test_a_score_on_the_fence_is_inside():
    assert outliers(scores(f0i0_wiener=16.0)) == []
    assert len(outliers(scores(f0i0_wiener=15.9))) == 1


def test_failures_come_before_lucky_ones_and_the_farthest_first():
    found = outliers(scores(f0i0_wiener=10.0, f1i0_wiener=5.0, f1i8_nafnet=90.0))
    assert [(one.item, one.low) for one in found] == [("f1i0", True), ("f0i0", True), ("f1i8", False)]


def test_the_box_is_that_of_the_fold():
    # 12 dB lower throughout a fold is no outlier within it.
    table = scores()
    table.loc[table["fold"] == 1, "value"] -= 12
    assert outliers(table) == []


def test_the_degraded_image_names_none():
    table = scores(f0i0_wiener=2.0)
    (found,) = outliers(pd.concat([table, table.assign(method="degraded")]))
    assert found.methods == ("wiener",)


def test_few_items_and_boxes_without_height_name_none():
    assert outliers(scores(f0i0_wiener=-50.0).groupby(["fold", "method"]).head(4)) == []
    flat = scores().assign(value=1.0)
    flat.loc[0, "value"] = 0.0
    assert outliers(flat) == []


def test_the_order_of_the_rows_changes_nothing():
    table = scores(f0i0_wiener=10.0, f1i0_wiener=10.0, f1i0_nafnet=12.0)
    assert outliers(table) == outliers(table.sample(frac=1, random_state=2))


def test_boxes_are_of_psnr_in_the_first_space():
    table = pd.concat(
        [scores().assign(space=space, metric=metric) for space in ("asinh", "linear") for metric in ("ssim", "psnr")]
    )
    table.loc[table["item"] == "f0i0", "value"] = np.inf
    found = first_psnr(table)
    assert set(found["space"]) == {"asinh"}
    assert set(found["metric"]) == {"psnr"}
    assert len(found) == 34
