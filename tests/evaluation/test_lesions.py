"""Lesions in slices, and what is made of readings at their places."""

import numpy as np
import pandas as pd
import pytest
from made_slices import slice_of

from pipeline.config import Lesion
from pipeline.evaluation.lesion_summary import COLUMNS, summarise_lesions
from pipeline.evaluation.lesions import Disk, amplitude, patches, places, with_lesions
from pipeline.measures.disk_response import frequencies

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("radius", [0.8, 1.25, 3.0])
def test_a_disk_covers_its_area(radius):
    assert Disk(radius).cover.sum() == pytest.approx(np.pi * radius**2, rel=0.01)


def test_a_lesion_has_the_size_in_mm_that_is_asked_for():
    assert Disk.of(Lesion(diameter_mm=5, inside=(0, 1)), pixel_mm=2.0).radius == 1.25


def test_lesions_lie_in_their_tissue_and_apart():
    truth, disk = slice_of(0, 96, 96), Disk(1.5)
    found = places(truth, disk, (900, 1100), 6, np.random.default_rng(1))
    assert len(found) > 1
    for row, column in found:
        around = truth.pixels[0, row - 2 : row + 3, column - 2 : column + 3]
        assert around.min() >= 900
        assert around.max() <= 1100
    apart = [max(abs(a[0] - b[0]), abs(a[1] - b[1])) for a in found for b in found if a != b]
    assert min(apart) > disk.patch // 2


def test_no_lesion_is_put_where_there_is_no_such_tissue():
    assert places(slice_of(0), Disk(1.5), (5000, 6000), 4, RANDOM) == []


def test_what_is_put_in_is_read_at_its_place():
    truth, disk = slice_of(0, 96, 96), Disk(1.5)
    where = places(truth, disk, (900, 1100), 3, RANDOM)
    changed = with_lesions(truth, disk, 50.0, where)
    before, after = (amplitude(patches(image.pixels, disk, where), disk) for image in (truth, changed))
    assert np.allclose(after - before, 50, rtol=1e-4)
    assert (changed.pixels - truth.pixels).sum() == pytest.approx(50 * disk.cover.sum() * len(where), rel=1e-3)


def rows(method, noise, contrast, groups=12, each=30, seed=0):
    """Readings of white noise, a signal of which is in all of them alike; half of a disk is left."""
    random, tables = np.random.default_rng(seed), []
    for group in range(groups):
        read = {kind: noise * random.standard_normal((each, 3)) for kind in ("absent", "present")}
        read["present"] += contrast
        read |= {
            "transfer": np.full((each, 4), 0.5),
            "disk": np.full((each, 4), 8.0),
            "power": np.full((each, 4), 12.0),
        }
        named = {f"{kind}_{k}": column for kind, table in read.items() for k, column in enumerate(table.T)}
        known = {"group": f"g{group}", "item": f"i{group}", "condition": "c", "method": method, "contrast": 20.0}
        size = {"patch_px": 7, "patch_mm": 14.0, "lesion": np.arange(each), "recovered": 0.5}
        tables.append(pd.DataFrame(known | size | named))
    return pd.concat(tables)


def summary(best, own):
    return pd.DataFrame(summarise_lesions(best, own, seed=0), columns=list(COLUMNS)).set_index("statistic")


def test_detectability_is_that_of_the_readings_and_its_interval_holds_it():
    found = summary(rows("u", 1.0, 1.0), rows("m", 2.0, 1.0, seed=9))
    expected = np.sqrt(3) / 2
    assert found.loc["detectability", "low"] < expected < found.loc["detectability", "high"]
    assert found.loc["over_undegraded", "value"] == pytest.approx(0.5, abs=0.1)
    assert found.loc["recovered_contrast", "value"] == 0.5
    assert list(found["lesions"].unique()) == [360]


def test_transfer_and_noise_are_told_by_frequency():
    found = summary(rows("u", 1.0, 1.0), rows("m", 1.0, 1.0))
    transfer, noise = found.loc["transfer"], found.loc["noise_power"]
    assert transfer["frequency"].tolist() == pytest.approx((frequencies(7) / 2).tolist())
    assert transfer["value"].tolist() == [0.5] * 4
    # Of the difference of two images half, less what is the lesion's; a pixel has 4 square mm.
    assert noise["value"].tolist() == [(12 - 0.25 * 8) / 2 * 4] * 4


def test_the_undegraded_scan_is_as_good_as_itself():
    best = rows("u", 1.0, 1.0)
    assert summary(best, best).loc["over_undegraded", ["value", "low", "high"]].tolist() == [1.0, 1.0, 1.0]


def test_the_order_of_rows_does_not_matter():
    best, own = rows("u", 1.0, 1.0), rows("m", 2.0, 1.0, seed=9)
    assert summary(best, own).equals(summary(best.sample(frac=1, random_state=0), own.sample(frac=1, random_state=1)))


def test_of_too_few_groups_nothing_is_said():
    few = rows("m", 1.0, 1.0, groups=3)
    assert summary(few, few).empty
