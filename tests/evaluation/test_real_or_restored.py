import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.evaluation.real_or_restored import (
    CLASSIFIERS,
    REAL,
    area_under_curve,
    halves,
    parts_of,
    rounds,
    tell_apart,
)

COUNT = 120


def texture(seed, count=COUNT):
    """Patches of smooth light under white noise, shape (count, 2, 32, 32)."""
    random = np.random.default_rng(seed)
    light = gaussian_filter(random.standard_normal((count, 2, 32, 32)), (0, 0, 3, 3)) * 5
    return (light + 0.3 * random.standard_normal(light.shape)).astype(np.float32)


def groups(count=COUNT, size=10):
    return [f"group{i // size}" for i in range(count)]


@pytest.fixture(scope="module")
def verdicts():
    real = texture(0)
    smoothed = gaussian_filter(real, (0, 0, 1, 1))
    methods = {"smoothed": lambda: smoothed, "as real": lambda: texture(1)}
    return list(tell_apart(real, methods, parts_of(groups()), (0,)))


def areas(verdicts, method, classifier):
    return np.array([v.auc for v in verdicts if (v.method, v.classifier) == (method, classifier)])


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_texture_that_was_smoothed_away_is_told_every_time(verdicts, classifier):
    assert areas(verdicts, "smoothed", classifier).min() > 0.95


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_other_draws_of_one_texture_cannot_be_told(verdicts, classifier):
    assert areas(verdicts, "as real", classifier).mean() == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_real_against_real_is_a_guess_that_scatters(verdicts, classifier):
    null = areas(verdicts, REAL, classifier)
    assert null.mean() == pytest.approx(0.5, abs=0.1)
    assert null.std() > 0


def test_as_many_verdicts_are_given_as_were_announced(verdicts):
    assert len(verdicts) == rounds(2)


def test_the_same_address_gives_the_same_verdict():
    real = texture(0, 60)
    first, second = (list(tell_apart(real, {}, parts_of(groups(60)), (7,))) for _ in range(2))
    assert first == second


def test_no_group_is_in_two_parts_and_parts_are_of_about_one_size():
    names = ["a"] * 50 + ["b"] * 30 + ["c"] * 25 + ["d"] * 20
    parts = parts_of(names)
    assert all(len({p for p, n in zip(parts, names) if n == name}) == 1 for name in "abcd")
    assert list(np.bincount(parts)) == [50, 30, 45]


@pytest.mark.parametrize("names", [["a"] * 200, ["a"] * 100 + ["b"] * 3, []])
def test_one_group_or_too_few_patches_are_not_judged(names):
    assert not len(parts_of(names))


def test_no_classifier_sees_a_patch_of_a_part_that_it_judges(monkeypatch):
    """Patches carry the number of their part; a classifier is watched at what it is given."""
    seen = []

    def judge(features, real, judged, address):
        seen.append((set(features.ravel()), set(judged.ravel())))
        return judged[:, 0]

    watched = CLASSIFIERS["weak"]._replace(describe=lambda patches: patches[:, 0, 0, :1], judge=judge)
    monkeypatch.setattr("pipeline.evaluation.real_or_restored.CLASSIFIERS", {"watched": watched})
    parts = parts_of(groups())
    real = np.broadcast_to(parts[:, None, None, None], (COUNT, 1, 32, 32)).astype(np.float32)
    list(tell_apart(real, {"same": lambda: real}, parts, (0,)))
    assert seen
    assert all(learned.isdisjoint(judged) and len(judged) == 1 for learned, judged in seen)


def test_each_part_is_dealt_to_two_halves_anew_at_each_address():
    parts = parts_of(groups())
    first, other = halves(parts, 0), halves(parts, 1)
    for part in np.unique(parts):
        assert first[parts == part].sum() == (parts == part).sum() // 2
    assert (first != other).any()


def test_the_area_is_the_chance_that_the_real_one_scores_higher():
    real = np.array([True, True, False, False])
    assert area_under_curve(np.array([3.0, 2.0, 1.0, 0.0]), real) == 1
    assert area_under_curve(np.array([0.0, 2.0, 1.0, 3.0]), real) == 0.25
    assert area_under_curve(np.zeros(4), real) == 0.5
