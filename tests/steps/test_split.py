from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from made_training import made_study, sky, write_sky

from pipeline.config import Split
from pipeline.splits import COLUMNS, SplitError, read_splits
from pipeline.steps.split import SMALLEST_WINDOW, dealt, sky_bands, split
from pipeline.tiling import whole

bands_of_sky = st.fixed_dictionaries(
    {
        "height": st.integers(120, 1100),
        "width": st.integers(120, 1100),
        "folds": st.integers(2, 6),
        "block": st.integers(32, 140),
        "tune": st.sampled_from([0.05, 0.15, 0.3]),
        "calibrate": st.sampled_from([0.0, 0.15, 0.3]),
        "guard": st.integers(4, 40),
        "seed": st.integers(0, 20),
    }
)


def cut(height, width, guard, seed, **settings):
    try:
        return sky_bands("a", whole(height, width), Split(**settings), guard, seed)
    except SplitError:
        assume(False)


def area(items):
    return sum(i.window.height * i.window.width for i in items)


def gap(one, other):
    """Pixels between two windows, along the axis where they lie farther apart; negative where they overlap."""
    down = max(one.y0 - other.y1, other.y0 - one.y1)
    across = max(one.x0 - other.x1, other.x0 - one.x1)
    return max(down, across)


@given(bands_of_sky)
def test_every_pixel_is_held_out_exactly_once(given):
    count = np.zeros((given["height"], given["width"]), int)
    for item in cut(**given):
        if item.role == "test":
            count[item.window.slices] += 1
    assert (count == 1).all()


@given(bands_of_sky)
def test_roles_of_a_fold_share_no_pixel(given):
    items = cut(**given)
    for fold in range(given["folds"]):
        count = np.zeros((given["height"], given["width"]), int)
        for item in items:
            if item.fold == fold:
                count[item.window.slices] += 1
        assert count.max() == 1


@given(bands_of_sky)
def test_what_tunes_and_calibrates_keeps_two_guards_from_what_is_held_out(given):
    items = cut(**given)
    for fold in range(given["folds"]):
        held_out = [i.window for i in items if i.fold == fold and i.role == "test"]
        for item in items:
            if item.fold == fold and item.role in ("tune", "calibrate"):
                assert min(gap(item.window, window) for window in held_out) >= 2 * given["guard"]
                assert min(item.window.height, item.window.width) >= SMALLEST_WINDOW


@given(bands_of_sky)
def test_a_band_of_sky_is_held_out_as_one(given):
    items = cut(**given)
    assert {i.group for i in items if i.role == "test"} == {f"band{k}" for k in range(given["folds"])}
    assert all((i.role == "test") == (i.group == f"band{i.fold}") for i in items)


@given(bands_of_sky)
def test_blocks_have_the_roles_in_their_shares(given):
    items = cut(**given)
    for fold in range(given["folds"]):
        roles = Counter(i.role for i in items if i.fold == fold and i.role != "test")
        rest = sum(roles.values())
        assert roles["tune"] == max(round(given["tune"] * rest), 1)
        assert roles["calibrate"] == (max(round(given["calibrate"] * rest), 1) if given["calibrate"] else 0)
        assert roles["train"] > 0


def test_the_demo_keeps_most_of_its_sky_for_training():
    items = sky_bands("xdf", whole(872, 1000), Split(), 32, 0)
    for fold in range(3):
        here = [i for i in items if i.fold == fold]
        assert area(i for i in here if i.role == "train") == pytest.approx(0.75 * 872 * 667, rel=0.01)
        assert len([i for i in here if i.role == "test"]) == 8


def test_bands_that_differ_by_a_pixel_are_cut_alike():
    # Strips of 333 and 334 px beside a height of 333: square but for a pixel.
    items = sky_bands("a", whole(333, 1000), Split(block=80), 8, 0)
    blocks = {(i.window.y0, i.window.height) for i in items if i.role == "test"}
    assert len(blocks) == 4


def test_a_seed_draws_the_roles():
    def roles(seed):
        return [i.role for i in sky_bands("a", whole(872, 1000), Split(), 32, seed)]

    assert roles(3) == roles(3)
    assert len({tuple(roles(seed)) for seed in range(6)}) > 2


@pytest.mark.parametrize(
    ("size", "folds", "guard", "says"),
    [
        ((400, 400), 8, 32, "8 bands of 4 blocks, the thinnest is 50 px wide; 80 px are needed beside guards of 32 px"),
        ((900, 79), 2, 32, "2 bands of 4 blocks, the thinnest is 79 px wide"),
        ((300, 300), 2, 10, "2 bands of 3 blocks each; 4 are needed"),
    ],
)
def test_sky_that_is_too_small_is_refused_in_words(size, folds, guard, says):
    with pytest.raises(SplitError, match=says) as error:
        sky_bands("field", whole(*size), Split(folds=folds, block=109), guard, 0)
    assert str(error.value).startswith("field: ")


def test_roles_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(SplitError, match=r"split\.tune takes 2 and split\.calibrate 2, which leaves none to train on"):
        sky_bands("a", whole(400, 800), Split(folds=2, block=100, tune=0.49, calibrate=0.49), 8, 0)


groups_of_images = st.lists(st.integers(1, 4), min_size=6, max_size=40)


@given(groups_of_images, st.integers(2, 4), st.integers(0, 20))
def test_groups_of_images_never_straddle(sizes, folds, seed):
    groups = {f"i{g}_{k}": f"g{g}" for g, size in enumerate(sizes) for k in range(size)}
    items = dealt(groups, dict.fromkeys(groups, (64, 70)), Split(folds=folds), seed)
    for fold in range(folds):
        here = [i for i in items if i.fold == fold]
        assert {i.image for i in here} == set(groups)
        assert len({(i.group, i.role) for i in here}) == len(sizes)
        rest = [g for g in set(groups.values()) if any(i.group == g and i.role != "test" for i in here)]
        tuned = {i.group for i in here if i.role == "tune"}
        assert len(tuned) == max(round(0.15 * len(rest)), 1)
    assert Counter(i.image for i in items if i.role == "test") == dict.fromkeys(groups, 1)
    held_out = Counter(i.fold for i in items if i.role == "test" and i.image.endswith("_0"))
    assert max(held_out.values()) - min(held_out.values()) <= 1
    halves = {i.group: i.half for i in items}
    assert abs(2 * sum(halves.values()) - len(halves)) <= 1
    assert all(i.half == halves[i.group] and i.window == whole(64, 70) for i in items)


def test_the_order_of_the_images_deals_no_other_roles():
    groups = {f"i{k}": f"g{k}" for k in range(20)}
    backwards = dict(reversed(groups.items()))
    one, other = (dealt(g, dict.fromkeys(g, (64, 64)), Split(), 5) for g in (groups, backwards))
    assert set(one) == set(other)


@pytest.mark.parametrize(
    ("count", "folds", "says"),
    [
        (3, 4, r"split\.folds is 4, but the images form 3 groups; ask for 3 folds at most"),
        (3, 2, "which leaves 1 groups besides fold 0"),
    ],
)
def test_too_few_groups_are_refused_in_words(count, folds, says):
    groups = {f"i{k}": f"g{k}" for k in range(count)}
    with pytest.raises(SplitError, match=says):
        dealt(groups, dict.fromkeys(groups, (64, 64)), Split(folds=folds), 0)


def test_one_image_is_cut_and_several_are_dealt(tmp_path):
    one = write_sky(tmp_path / "one.h5", sky(90, 640, bands=1))
    split(one, made_study(), tmp_path / "one.csv")
    items = read_splits(tmp_path / "one.csv")
    assert list(pd.read_csv(tmp_path / "one.csv")) == list(COLUMNS)
    assert {i.item for i in items} == {f"field0/band{b}block{k}" for b in (0, 1) for k in range(4)}

    many = write_sky(tmp_path / "many.h5", *(sky(64, 64 + k, bands=1, seed=k) for k in range(8)))
    split(many, made_study(), tmp_path / "many.csv")
    items = read_splits(tmp_path / "many.csv")
    assert len(items) == 2 * 8
    assert {(i.image, i.window.width) for i in items} == {(f"field{k}", 64 + k) for k in range(8)}


def test_a_split_that_cannot_be_made_leaves_no_file(tmp_path):
    images = write_sky(tmp_path / "one.h5", sky(64, 64, bands=1))
    with pytest.raises(SplitError):
        split(images, made_study(), tmp_path / "splits.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["one.h5"]


def test_the_guard_is_as_wide_as_the_widest_psf(tmp_path):
    images = write_sky(tmp_path / "one.h5", sky(150, 1000, bands=1), pixel_scale=0.5)
    wide = made_study(
        degrade={"psf": {"fwhm": ["2px", "8as"]}, "noise": {"sigma": [0.1]}}, split={"folds": 2, "block": 130}
    )
    split(images, wide, tmp_path / "splits.csv")
    items = [i for i in read_splits(tmp_path / "splits.csv") if i.fold == 0]
    # FWHM 16 px: a stamp of 47 px, twice of which lies between the held-out band and what tunes beside it.
    held_out = [i.window for i in items if i.role == "test"]
    gaps = [min(gap(i.window, w) for w in held_out) for i in items if i.role in ("tune", "calibrate")]
    assert min(gaps) >= 2 * 45
