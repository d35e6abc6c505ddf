import numpy as np
import pytest
from made_sky import drawn_sky

from pipeline.evaluation.field import repeats as module
from pipeline.evaluation.field.repeats import repeats, strongest_repeat


@pytest.fixture(autouse=True)
def _few_shuffles(monkeypatch):
    monkeypatch.setattr(module, "SHUFFLES", 19)


def sky(seed, size=(192, 192)):
    return np.arcsinh(drawn_sky(seed, size)[0] / 3)


def test_real_sky_repeats_nothing():
    assert repeats(sky(0), sky(1), 0)[0].p_value > 0.05


def test_a_field_tiled_from_one_stamp_is_found_with_its_period():
    tiled = np.tile(sky(1, (64, 48)), (3, 4))
    found = {f.quantity: f for f in repeats(sky(0), tiled, 0)}
    assert found["autocorrelation"].p_value <= 0.05
    assert found["autocorrelation"].value > 10 * found["autocorrelation"].perfect_high
    assert (found["lag_down"].value % 64, found["lag_right"].value % 48) == (0, 0)
    assert found["share_repeated"].value > 0.5


def test_a_stamp_that_stands_at_two_places_is_found_among_noise():
    made = sky(1)
    made[100:140, 90:130] = made[20:60, 30:70]
    strength, lag = strongest_repeat(made)
    assert lag == (80, 60)
    assert strength > 2 * strongest_repeat(sky(1))[0]


def test_a_field_larger_than_the_real_sky_is_not_found_out_by_its_size():
    found = [repeats(sky(seed, (96, 96)), sky(50 + seed, (384, 384)), seed)[0].p_value for seed in range(6)]
    assert min(found) > 0.01
    assert np.median(found) > 0.1


def test_of_a_sky_smaller_than_a_piece_nothing_is_said():
    (found,) = repeats(sky(0, (40, 40)), sky(1), 0)
    assert np.isnan(found.value)
