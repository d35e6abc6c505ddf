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
