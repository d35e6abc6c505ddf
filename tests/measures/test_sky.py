import warnings

import numpy as np
import pytest

from pipeline.measures.sky import LARGEST_SAMPLE, SkyError, evenly_spaced, sky_level_and_sigma, sky_of_parts


def noise(shape, level=0.3, sigma=0.02, seed=0):
    return np.random.default_rng(seed).normal(level, sigma, shape).astype(np.float32)


def test_level_and_noise_of_an_empty_sky_are_found():
    level, sigma = sky_level_and_sigma(noise((500, 500)))
    assert level == pytest.approx(0.3, abs=5 * 0.02 / 500)
    assert sigma == pytest.approx(0.02, rel=0.02)


def test_sources_on_a_tenth_of_the_sky_change_little():
    pixels = noise((300, 300))
    pixels[100:195, 100:195] += 5.0
    level, sigma = sky_level_and_sigma(pixels)
    assert level == pytest.approx(0.3, abs=0.002)
    assert sigma == pytest.approx(0.02, rel=0.05)


def test_values_that_are_not_finite_are_left_out_without_a_warning():
    pixels = noise((200, 200))
    pixels[::7] = np.nan
    pixels[3::7] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        level, sigma = sky_level_and_sigma(pixels)
    assert level == pytest.approx(0.3, abs=0.001)
    assert sigma == pytest.approx(0.02, rel=0.03)


def test_a_large_image_is_sampled_over_all_its_columns():
    size = 1024
    pixels = noise((2 * size, size), 0.0)
    assert pixels.size > LARGEST_SAMPLE
    pixels[:, 1::2] += 0.02
    assert sky_level_and_sigma(pixels)[0] == pytest.approx(0.01, abs=5e-4)


@pytest.mark.parametrize("size", [1000, LARGEST_SAMPLE, 3 * LARGEST_SAMPLE + 17])
def test_how_values_are_parted_makes_no_difference(size):
    values = noise(size)
    cuts = np.sort(np.random.default_rng(1).integers(0, size, 20))
    sample = evenly_spaced(lambda: np.split(values, cuts))
    np.testing.assert_array_equal(sample, evenly_spaced(lambda: [values]))
    assert min(size, LARGEST_SAMPLE // 3) <= sample.size <= LARGEST_SAMPLE
    assert sky_of_parts(lambda: np.split(values, cuts)) == sky_level_and_sigma(values)


def test_one_value_everywhere_has_no_noise():
    assert sky_level_and_sigma(np.full((20, 20), 4.0)) == (4.0, 0.0)


@pytest.mark.parametrize("values", [np.zeros(0), np.full((3, 3), np.nan)])
def test_no_value_at_all_is_refused_in_words(values):
    with pytest.raises(SkyError, match="no trusted pixel"):
        sky_level_and_sigma(values)
