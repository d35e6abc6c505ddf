import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.physics.galaxygan import (
    HIGHEST,
    LOWEST,
    ProtocolError,
    added_sigma,
    clip,
    from_unit,
    sky_sigma,
    stretch,
    to_unit,
    unstretch,
)


def test_the_sky_is_the_pixels_within_a_tenth_of_zero():
    pixels = np.array([[-0.1, 0.1, 5.0], [-0.02, 0.02, -3.0]])
    assert sky_sigma(pixels) == pytest.approx(math.sqrt(2) * 0.02)


def test_the_sky_sigma_is_that_of_the_noise_whatever_the_sources_are():
    pixels = np.random.default_rng(0).normal(0, 0.02, (3, 200, 200)).astype(np.float32)
    pixels[:, 50:90, 50:90] += 2
    assert sky_sigma(pixels) == pytest.approx(0.02, rel=0.01)


@pytest.mark.parametrize("pixels", [np.full((4, 4), 7.0), np.array([0.01, 7.0]), np.zeros(0)])
def test_an_image_without_such_pixels_is_refused_in_words(pixels):
    with pytest.raises(ProtocolError, match="sky-subtracted images in nanomaggies"):
        sky_sigma(pixels)


@pytest.mark.parametrize(
    ("original", "blurred", "ratio", "added"),
    [(0.02, 0.005, 1.2, math.sqrt(0.024**2 - 0.005**2)), (0.02, 0.03, 1.0, 1e-4), (0.02, 0.02, 1.0, 1e-4)],
)
def test_the_added_noise_fills_up_to_the_ratio_and_is_never_less_than_the_floor(original, blurred, ratio, added):
    assert added_sigma(original, blurred, ratio) == pytest.approx(added)


def test_values_are_clipped_to_the_protocols_range():
    np.testing.assert_array_equal(clip(np.array([-5.0, -0.1, 1.0, 4.0, 9.0])), [-0.1, -0.1, 1.0, 4.0, 4.0])
    torch.testing.assert_close(clip(torch.tensor([-5.0, 9.0])), torch.tensor([-0.1, 4.0]))


def test_the_range_fills_the_unit_interval_and_the_stretch_follows_the_formula():
    values = np.array([LOWEST, HIGHEST, 0.0])
    np.testing.assert_allclose(to_unit(values), [0, 1, 0.1 / 4.1], atol=1e-12)
    np.testing.assert_allclose(stretch(values), np.arcsinh([0, 10, 1 / 4.1]) / 3, atol=1e-12)


@given(st.floats(LOWEST, HIGHEST))
def test_the_stretch_can_be_undone(value):
    assert unstretch(stretch(np.float64(value))) == pytest.approx(value, abs=1e-12)
    assert from_unit(to_unit(np.float64(value))) == pytest.approx(value, abs=1e-12)


def test_tensors_and_arrays_get_the_same_numbers():
    values = np.linspace(-1, 5, 50, dtype=np.float32)
    tensor = torch.from_numpy(values)
    np.testing.assert_allclose(stretch(tensor), stretch(values), rtol=1e-5)
    np.testing.assert_allclose(unstretch(stretch(tensor)), clip(values), atol=1e-5)
