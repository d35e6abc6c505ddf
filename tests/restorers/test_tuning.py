import itertools
import math
from typing import ClassVar

import numpy as np
import pytest

from pipeline.restorers import CLASSICAL
from pipeline.restorers.restorer import TunedRestorer
from pipeline.restorers.tuning import Trial, TuningError, tune
from pipeline.tiling import Window

CORE = Window(16, 20, 96, 120)


@pytest.fixture
def trials(hubble, look):
    scenes = [np.ascontiguousarray(hubble[:, y : y + 128, x : x + 160]) for y, x in ((300, 700), (640, 520))]
    cores = [scene[(..., *CORE.slices)] for scene in scenes]
    return [Trial(look(s), core, CORE, np.zeros(core.shape, bool)) for s, core in zip(scenes, cores)]


class Shrinker(TunedRestorer):
    """Multiplies the preview by a setting; what it restores is best at one known value."""

    searched: ClassVar = {"gain": 50.0}

    def restore(self, observation):
        preview = observation.preview
        return preview.with_pixels(preview.pixels * np.float32(self.settings["gain"]))


class Walker(Shrinker):
    """Comes nearer to the data for five steps, and leaves them again."""

    steps = 0

    def path(self, observation):
        for number in range(1, 100):
            Walker.steps = max(Walker.steps, number)
            factor = np.float32(self.settings["gain"] * number / 5)
            yield (
                {**self.settings, "number": number},
                observation.preview.with_pixels(factor * observation.preview.pixels),
            )


def exact(look, gain):
    """A trial whose truth is the data times a gain."""
    random = np.random.default_rng(0)
    observation = look(random.random((1, 40, 44)).astype(np.float32))
    # With a floor of noise, so that the score has a round top.
    other = random.normal(0, 0.2, (1, 40, 44))
    truth = (gain * (observation.preview.pixels + other)).astype(np.float32)[:, 4:-4, 4:-4]
    return Trial(observation, truth, Window(4, 4, 32, 36), np.zeros(truth.shape, bool))


@pytest.mark.parametrize("gain", [0.7, 3.0, 61.0, 900.0])
def test_the_search_finds_a_known_best_value_from_afar(gain, look):
    found = tune(Shrinker, [exact(look, gain)], {}, 1.0)
    assert found.settings["gain"] == pytest.approx(gain, rel=0.1)


class Stretcher(TunedRestorer):
    """Multiplies the preview's contrast by one setting and adds another."""

    searched: ClassVar = {"gain": 20.0, "shift": 0.3}

    def restore(self, observation):
        preview, gain, shift = observation.preview, *map(np.float32, self.settings.values())
        return preview.with_pixels((preview.pixels - preview.pixels.mean()) * gain + shift)


def stretcher_from(gain, shift):
    """One whose search begins there."""

    class Beginner(Stretcher):
        searched: ClassVar = {"gain": gain, "shift": shift}

    return Beginner


def test_several_settings_are_searched_in_turn(look):
    trial = exact(look, 6.0)
    found, known = (
        tune(method, [trial], {}, 1.0) for method in (Stretcher, stretcher_from(6.0, float(trial.truth.mean())))
    )
    assert found.psnr > known.psnr - 0.05


def test_a_path_is_followed_until_it_leads_down(look):
    Walker.steps = 0
    found = tune(Walker, [exact(look, 50.0)], {}, 1.0)
    assert found.settings["number"] * found.settings["gain"] == pytest.approx(250, rel=0.1)
    assert Walker.steps < 40


def test_what_was_learned_is_part_of_the_settings_and_survives(look):
    found = tune(Shrinker, [exact(look, 2.0)], {"signal": {"power": [1.0]}}, 1.0)
    assert found.settings["signal"] == {"power": [1.0]}


@pytest.mark.parametrize("method", ["wiener", "richardson_lucy", "total_variation", "richardson_lucy_tv"])
def test_no_neighbouring_value_is_better_than_the_tuned_one(method, trials, scenes):
    restorer = CLASSICAL[method]
    found = tune(restorer, trials, restorer.learned(scenes), 1.0)
    for name, factor in itertools.product(restorer.searched, (0.7, 1.4)):

        class Elsewhere(restorer):
            searched: ClassVar = {}

        near = tune(Elsewhere, trials, {**found.settings, name: found.settings[name] * factor}, 1.0)
        assert near.psnr < found.psnr + 0.01


def test_the_psnr_is_that_of_the_tuned_restorer_over_the_trials(trials):
    found = tune(CLASSICAL["richardson_lucy"], trials, {}, 2.0)
    restorer = CLASSICAL["richardson_lucy"](found.settings)
    errors = [
        np.mean((restorer.restore(t.observation).pixels[(..., *CORE.slices)].astype(float) - t.truth) ** 2)
        for t in trials
    ]
    assert found.psnr == pytest.approx(np.mean([10 * math.log10(4 / e) for e in errors]), abs=1e-4)
    assert found.tried > 20


def test_the_range_shifts_the_psnr_and_changes_no_setting(trials):
    narrow, wide = (tune(CLASSICAL["total_variation"], trials, {}, r) for r in (0.37, 3.7))
    assert narrow.settings == wide.settings
    assert wide.psnr - narrow.psnr == pytest.approx(20)


def test_pixels_that_are_left_out_have_no_say(trials):
    left_out = np.zeros(trials[0].truth.shape, bool)
    left_out[:, :40] = True
    spoilt = np.where(left_out, np.float32(50), trials[0].truth)
    clean, dirty = (Trial(trials[0].observation, t, CORE, left_out) for t in (trials[0].truth, spoilt))
    assert tune(CLASSICAL["total_variation"], [clean], {}, 1.0) == tune(CLASSICAL["total_variation"], [dirty], {}, 1.0)


def test_nothing_to_score_by_is_refused_in_words(trials):
    blind = [Trial(t.observation, t.truth, t.core, np.ones(t.truth.shape, bool)) for t in trials]
    with pytest.raises(TuningError, match="no item of the tune role"):
        tune(CLASSICAL["degraded"], blind, {}, 1.0)
