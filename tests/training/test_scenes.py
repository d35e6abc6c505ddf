import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_training import SKY, SKY_SIGMA, sky, write_sky

from pipeline.config import Split
from pipeline.splits import Item, items_of
from pipeline.steps.split import dealt, sky_bands
from pipeline.tiling import Window, read_reflected, whole
from pipeline.training import scenes as scenes_module
from pipeline.training.scenes import Region, SceneError, Scenes, regions


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


@pytest.fixture
def stored(tmp_path):
    first, second = sky(90, 120), sky(70, 64, seed=1)
    mask = np.zeros(second.shape, bool)
    mask[0, 30:34, 20:29] = True
    return write_sky(tmp_path / "images.h5", first, second, masks={1: mask})


FOUND = [Region("field0", Window(10, 20, 60, 90)), Region("field1", Window(0, 0, 70, 64))]


def test_a_crop_is_read_from_its_region_alone(stored, tmp_path):
    with Scenes(stored, FOUND) as scenes:
        pixels, _ = scenes.crop(0, Window(-30, -30, 200, 200))
    np.testing.assert_array_equal(pixels, read_reflected(sky(90, 120)[:, 10:70, 20:110], Window(-30, -30, 200, 200)))


@pytest.mark.parametrize("window", [Window(0, 0, 70, 64), Window(20, 10, 30, 31), Window(-9, 40, 100, 90)])
@pytest.mark.parametrize("index", [0, 1])
def test_what_is_streamed_is_what_is_held_in_memory(stored, monkeypatch, window, index):
    with Scenes(stored, FOUND) as held:
        monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
        with Scenes(stored, FOUND) as streamed:
            for one, other in zip(held.crop(index, window), streamed.crop(index, window)):
                np.testing.assert_array_equal(one, other)
            assert held.statistics() == streamed.statistics()
            assert held.sky_sigma(index) == streamed.sky_sigma(index)


def test_a_streamed_study_opens_its_file_once(stored, monkeypatch):
    opened = []
    true_reader = scenes_module.read_images
    monkeypatch.setattr(scenes_module, "read_images", lambda path: opened.append(path) or true_reader(path))
    monkeypatch.setattr(scenes_module, "LARGEST_IN_MEMORY", 0)
    with Scenes(stored, FOUND) as scenes:
        for step in range(5):
            scenes.crop(step % 2, Window(0, 0, 20, 20))
    assert len(opened) == 1


def test_statistics_are_those_of_the_sky(stored):
    with Scenes(stored, FOUND) as scenes:
        statistics = scenes.statistics()
    assert statistics.sky == pytest.approx((SKY,) * 2, abs=0.2 * SKY_SIGMA)
    assert statistics.sky_sigma == pytest.approx((SKY_SIGMA,) * 2, rel=0.2)
    values = np.concatenate([sky(90, 120)[0, 10:70, 20:110].ravel(), sky(70, 64, seed=1)[0].ravel()])
    assert statistics.span[0] == pytest.approx(np.ptp(np.percentile(values, [0.05, 99.95])), rel=0.02)


def test_a_masked_pixel_counts_in_no_statistic(tmp_path):
    pixels = sky(64, 64)
    mask = np.zeros(pixels.shape, bool)
    mask[:, 5:20, 5:20] = True
    wild = np.where(mask, 1e6, pixels).astype(np.float32)
    region = [Region("field0", Window(0, 0, 64, 64))]
    with (
        Scenes(write_sky(tmp_path / "a.h5", pixels, masks={0: mask}), region) as tame,
        Scenes(write_sky(tmp_path / "b.h5", wild, masks={0: mask}), region) as other,
    ):
        assert tame.statistics() == other.statistics()
        assert tame.sky_sigma(0) == other.sky_sigma(0)


def test_a_large_sky_is_sampled_evenly(stored, monkeypatch):
    with Scenes(stored, FOUND) as scenes:
        exact = scenes.statistics()
        monkeypatch.setattr(scenes_module, "LARGEST_SAMPLE", 3000)
        sampled = scenes.statistics()
    assert sampled != exact
    assert sampled.sky == pytest.approx(exact.sky, abs=0.2 * SKY_SIGMA)
    assert sampled.sky_sigma == pytest.approx(exact.sky_sigma, rel=0.2)
