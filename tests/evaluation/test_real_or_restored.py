from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.evaluation.real_or_restored import (
    JUDGES,
    REAL,
    area_under_curve,
    halves,
    parts_of,
    rounds,
    tell_apart,
)
from pipeline.splits import Item
from pipeline.tiling import Window

COUNT = 120


def texture(seed, count=COUNT):
    """Patches of smooth light under white noise, shape (count, 2, 32, 32)."""
    random = np.random.default_rng(seed)
    light = gaussian_filter(random.standard_normal((count, 2, 32, 32)), (0, 0, 3, 3)) * 5
    return (light + 0.3 * random.standard_normal(light.shape)).astype(np.float32)


def item(name, group, fold=0):
    return Item("field", name, Window(0, 0, 32, 32), group, fold, "test", 0)


def items(count=COUNT, size=10):
    return [item(f"block{i // size}", "band", i // size % 2) for i in range(count)]


@pytest.fixture(scope="module")
def verdicts():
    real = texture(0)
    smoothed = gaussian_filter(real, (0, 0, 1, 1))
    methods = {"smoothed": lambda: smoothed, "as real": lambda: texture(1)}
    return list(tell_apart(real, methods, parts_of(items()), (0,)))


def values(verdicts, method, judge):
    return np.array([v.value for v in verdicts if (v.method, v.judge) == (method, judge)])


@pytest.mark.parametrize("classifier", ["weak", "strong"])
def test_texture_that_was_smoothed_away_is_told_every_time(verdicts, classifier):
    assert values(verdicts, "smoothed", classifier).min() > 0.95


@pytest.mark.parametrize("classifier", ["weak", "strong"])
def test_other_draws_of_one_texture_cannot_be_told(verdicts, classifier):
    assert values(verdicts, "as real", classifier).mean() == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("classifier", ["weak", "strong"])
def test_real_against_real_is_a_guess_that_scatters(verdicts, classifier):
    null = values(verdicts, REAL, classifier)
    assert null.mean() == pytest.approx(0.5, abs=0.1)
    assert null.std() > 0


def test_the_kernel_distance_is_about_zero_for_one_texture_and_large_for_another(verdicts):
    null = values(verdicts, REAL, "kernel")
    assert abs(null.mean()) < null.std()
    assert values(verdicts, "as real", "kernel").mean() < null.max()
    assert values(verdicts, "smoothed", "kernel").min() > 100 * abs(null).max()


def test_as_many_verdicts_are_given_as_were_announced(verdicts):
    assert len(verdicts) == rounds(2)


def test_the_same_address_gives_the_same_verdict(monkeypatch):
    few = {name: judge._replace(nulls=2) for name, judge in JUDGES.items()}
    monkeypatch.setattr("pipeline.evaluation.real_or_restored.JUDGES", few)
    real = texture(0, 60)
    first, second = (list(tell_apart(real, {}, parts_of(items(60)), (7,))) for _ in range(2))
    assert first == second


def test_no_group_is_in_two_parts_where_every_fold_has_several():
    patches = [replace(item(f"image{i}", f"group{i // 5}", i // 30), image=f"image{i}") for i in range(90)]
    parts = parts_of(patches)
    for group in {patch.group for patch in patches}:
        assert len({part for part, patch in zip(parts, patches) if patch.group == group}) == 1
    assert np.bincount(parts).min() >= 24


def test_where_a_fold_has_two_groups_there_are_two_parts_and_with_one_nobody_judges():
    def images(groups):
        return [
            replace(item(f"image{i}", f"group{fold}.{i % groups}", fold), image=f"image{i}")
            for fold in range(3)
            for i in range(6)
            for _ in range(10)
        ]

    patches = images(2)
    parts = parts_of(patches)
    assert set(parts) == {0, 1}
    for group in {patch.group for patch in patches}:
        assert len({part for part, patch in zip(parts, patches) if patch.group == group}) == 1
    assert not len(parts_of(images(1)))


def test_blocks_of_one_band_are_dealt_whole_and_every_part_has_some_of_every_fold():
    patches = [item(f"band{b}/{k}", f"band{b}", b) for b in range(3) for k in range(8) for _ in range(10)]
    parts = parts_of(patches)
    for block in {patch.item for patch in patches}:
        assert len({part for part, patch in zip(parts, patches) if patch.item == block}) == 1
    for fold in range(3):
        assert {part for part, patch in zip(parts, patches) if patch.fold == fold} == {0, 1, 2}


@pytest.mark.parametrize("count", [0, 1, 20])
def test_one_block_or_too_few_patches_are_not_judged(count):
    assert not len(parts_of([item("block", "a")] * 200))
    assert not len(parts_of([item(f"block{i}", "a") for i in range(count)]))


def test_no_classifier_sees_a_patch_of_a_part_that_it_judges(monkeypatch):
    """Patches carry the number of their part; a classifier is watched at what it is given."""
    seen = []

    def judge(features, real, judged, address):
        seen.append((set(features.ravel()), set(judged.ravel())))
        return judged[:, 0]

    watched = JUDGES["weak"]._replace(
        describe=lambda patches: patches[:, 0, 0, :1], compare=partial(JUDGES["weak"].compare.func, judge)
    )
    monkeypatch.setattr("pipeline.evaluation.real_or_restored.JUDGES", {"watched": watched})
    parts = parts_of(items())
    real = np.broadcast_to(parts[:, None, None, None], (COUNT, 1, 32, 32)).astype(np.float32)
    list(tell_apart(real, {"same": lambda: real}, parts, (0,)))
    assert seen
    assert all(learned.isdisjoint(judged) and len(judged) == 1 for learned, judged in seen)


def test_each_part_is_dealt_to_two_halves_anew_at_each_address():
    parts = parts_of(items())
    first, other = halves(parts, 0), halves(parts, 1)
    for part in np.unique(parts):
        assert first[parts == part].sum() == (parts == part).sum() // 2
    assert (first != other).any()


def test_the_area_is_the_chance_that_the_real_one_scores_higher():
    real = np.array([True, True, False, False])
    assert area_under_curve(np.array([3.0, 2.0, 1.0, 0.0]), real) == 1
    assert area_under_curve(np.array([0.0, 2.0, 1.0, 3.0]), real) == 0.25
    assert area_under_curve(np.zeros(4), real) == 0.5
