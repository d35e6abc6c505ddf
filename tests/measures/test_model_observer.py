"""A linear reader of signals at a known place."""

import numpy as np
import pytest

from pipeline.measures.model_observer import channels, detectability, readings, template

WIDTH = 25
SIGNAL = np.exp(-np.square(np.hypot(*np.mgrid[-12:13, -12:13]) / 3) / 2)


def patches(count, contrast, seed, bands=1):
    noise = np.random.default_rng(seed).standard_normal((count, bands, WIDTH, WIDTH))
    return noise + contrast * SIGNAL


def seen(contrast, seed, count=2000):
    absent, present = (readings(patches(count, c, seed + k)) for k, c in enumerate((0.0, contrast)))
    half = count // 2
    weights = template(absent[:half], present[:half])
    return detectability(absent[half:] @ weights, present[half:] @ weights)


@pytest.mark.parametrize("contrast", [0.2, 0.4])
def test_in_white_noise_it_comes_near_to_the_ideal_reader(contrast):
    ideal = contrast * np.sqrt(np.square(SIGNAL).sum())
    assert 0.85 * ideal < seen(contrast, seed=0) < 1.08 * ideal


def test_where_there_is_no_signal_it_sees_none():
    assert abs(seen(0.0, seed=7)) < 0.15


def test_detectability_grows_with_the_contrast():
    assert seen(0.4, seed=1) / seen(0.2, seed=1) == pytest.approx(2, rel=0.15)


def test_the_brightness_of_the_ground_does_not_matter():
    image = patches(5, 0.5, seed=3)
    assert np.allclose(readings(image), readings(image + 100.0), atol=1e-6)


def test_channels_are_round_and_centred():
    for channel in channels(WIDTH):
        assert np.allclose(channel, channel[::-1])
        assert np.allclose(channel, channel.T)
    assert np.abs(channels(WIDTH)[-1]).argmax() == WIDTH**2 // 2


def test_bands_are_read_side_by_side():
    assert readings(patches(3, 0.0, seed=0, bands=2)).shape == (3, 20)
