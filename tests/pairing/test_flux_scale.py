import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_fits import one_line

from pipeline.pairing.flux_scale import fitted, sums_of
from pipeline.pairing.grids import PairError


def pair(gain, level, noise=0.0, size=40, seed=0):
    random = np.random.default_rng(seed)
    model = random.gamma(1.0, 1.0, (2, size, size))
    sigma = random.uniform(0.5, 1.5, model.shape) * max(noise, 1e-3)
    data = gain * model + level + (sigma * random.standard_normal(model.shape) if noise else 0)
    return model, data, sigma, np.zeros(model.shape, bool)


@settings(max_examples=25)
@given(st.floats(0.01, 1e4), st.floats(-10, 10))
def test_gain_and_level_are_found(gain, level):
    fit = fitted([sums_of(*pair(gain, level))], "a")
    assert fit.gain == pytest.approx([gain] * 2, rel=1e-5)
    assert fit.level == pytest.approx([level] * 2, abs=1e-5 * gain + 1e-6)


def test_their_chi_square_is_one_where_the_noise_is_as_told_and_more_where_it_is_not():
    model, data, sigma, mask = pair(3.0, 1.0, noise=0.3)
    assert fitted([sums_of(model, data, sigma, mask)], "a").chi2 == pytest.approx([1, 1], abs=0.1)
    assert fitted([sums_of(model, data, sigma / 2, mask)], "a").chi2 == pytest.approx([4, 4], abs=0.4)


def test_sums_of_parts_add_up_to_those_of_the_whole():
    whole = pair(2.0, 1.0, noise=0.3)
    parts = [sums_of(*(plane[:, rows] for plane in whole)) for rows in (slice(0, 13), slice(13, 40))]
    assert fitted(parts, "a").gain == pytest.approx(fitted([sums_of(*whole)], "a").gain)


def test_masked_pixels_do_not_count():
    model, data, sigma, mask = pair(2.0, 1.0)
    mask[:, :5], data[:, :5] = True, 1e9
    assert fitted([sums_of(model, data, sigma, mask)], "a").gain == pytest.approx([2, 2], rel=1e-5)


@pytest.mark.parametrize("what", ["nothing", "opposite", "flat"])
def test_a_blurred_image_of_something_else_is_refused(what):
    model, data, sigma, mask = pair(2.0, 1.0)
    mask = np.ones_like(mask) if what == "nothing" else mask
    data = -data if what == "opposite" else data
    model = np.ones_like(model) if what == "flat" else model
    with pytest.raises(PairError) as error:
        fitted([sums_of(model, data, sigma, mask)], "ground/{id}.fits")
    one_line(error, "ground/{id}.fits", "does not follow the sharp ones")
