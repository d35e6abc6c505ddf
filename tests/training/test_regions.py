import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Split
from pipeline.splits import Item, items_of
from pipeline.steps.split import dealt, sky_bands
from pipeline.tiling import Window, whole
from pipeline.training.regions import Region, SceneError, regions


def item(role, window, image="a", fold=0):
    return Item(image, f"{image}{window}", window, "g", fold, role, 0)


def painted(shape, windows):
    count = np.zeros(shape, int)
    for window in windows:
        count[window.slices] += 1
    return count


def test_blocks_that_touch_become_one_region():
    splits = [item("train", Window(y, x, 50, 60)) for x in (0, 60) for y in (0, 50, 100)]
    assert regions(splits, 0, "train", 32) == [Region("a", Window(0, 0, 150, 120))]


def test_images_do_not_touch_one_another():
    splits = [item("train", Window(0, 0, 50, 60)), item("train", Window(50, 0, 50, 60), image="b")]
    assert regions(splits, 0, "train", 32) == [Region("a", Window(0, 0, 50, 60)), Region("b", Window(50, 0, 50, 60))]


def test_a_guard_is_cut_along_the_side_that_costs_least():
    held_out = [item("test", Window(y, 100, 50, 100)) for y in range(0, 400, 50)]
    splits = [item("train", Window(0, 0, 400, 100)), *held_out]
    assert regions(splits, 0, "train", 32) == [Region("a", Window(0, 0, 400, 68))]


def test_a_role_beside_all_others_has_nothing_left():
    splits = [item("train", Window(0, 0, 40, 40)), item("test", Window(0, 40, 40, 40))]
    with pytest.raises(SceneError, match="fold 0: nothing is left for the role 'train'"):
        regions(splits, 0, "train", 40)


@given(
    st.integers(550, 1000),
    st.integers(550, 1000),
    st.integers(2, 4),
    st.integers(95, 120),
    st.integers(0, 5),
    st.sampled_from([0.1, 0.15, 0.3]),
)
def test_what_is_trained_on_keeps_the_guard_from_every_other_role(height, width, folds, block, seed, share):
    guard = 32
    settings = Split(folds=folds, block=block, tune=share, calibrate=0.15)
    splits = sky_bands("a", whole(height, width), settings, guard, seed)
    for fold in range(folds):
        used = painted((height, width), [r.window for r in regions(splits, fold, "train", guard)])
        assert used.max() == 1
        for other in (i for i in splits if i.fold == fold and i.role != "train"):
            near = other.window.grown(guard).clipped(whole(height, width))
            assert not used[near.slices].any()
        # What the guards cost is bounded: of what has the role, at least a third is used.
        assert used.sum() >= sum(i.window.height * i.window.width for i in items_of(splits, fold, "train")) / 3


@given(st.integers(300, 900), st.integers(300, 900), st.integers(2, 3))
def test_the_final_model_is_trained_on_every_pixel_once(height, width, folds):
    splits = sky_bands("a", whole(height, width), Split(folds=folds, block=60), 8, 0)
    used = painted((height, width), [r.window for r in regions(splits, None, "train", 8)])
    assert (used == 1).all()


def test_thousands_of_images_are_no_matter():
    names = {f"galaxy{i}": f"galaxy{i}" for i in range(4550)}
    splits = dealt(names, dict.fromkeys(names, (424, 424)), Split(folds=10), 0)
    assert len(regions(splits, 3, "train", 32)) == len(items_of(splits, 3, "train"))
