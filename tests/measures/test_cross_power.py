import numpy as np
import pytest

from pipeline.measures.cross_power import CrossPowerError, cross_power


def white(seed, shape=(2, 96, 120), mixing=((1.0, 0.0), (0.6, 0.8))):
    """Noise whose two bands have unit variance and a correlation of 0.6 at every frequency."""
    independent = np.random.default_rng(seed).standard_normal(shape)
    return np.einsum("oi,iyx->oyx", np.array(mixing), independent).astype(np.float32), np.zeros(shape, bool)


def test_the_cross_power_of_white_scenes_is_their_covariance_at_every_frequency():
    found = cross_power(white(seed) for seed in range(20))
    expected = np.broadcast_to([[1.0, 0.6], [0.6, 1.0]], (len(found.frequency), 2, 2))
    rings = found.frequency > 0.1
    np.testing.assert_allclose(found.power[rings], expected[rings], atol=0.12)
    assert np.all(np.diff(found.frequency) > 0)


def test_what_is_masked_does_not_matter():
    pixels, mask = white(0)
    mask[:, 40:44, 50:54] = True
    spoiled = np.where(mask, np.float32(1e6), pixels)
    np.testing.assert_allclose(cross_power([(spoiled, mask)]).power, cross_power([(pixels, mask)]).power, rtol=1e-5)


def test_no_scene_is_refused_in_words():
    with pytest.raises(CrossPowerError, match="train role is empty"):
        cross_power([])
