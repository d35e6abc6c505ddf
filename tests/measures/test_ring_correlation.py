import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.measures.ring_correlation import resolved_ring, ring_correlation


def noise(seed, size=64):
    return np.random.default_rng(seed).standard_normal((2, size, size))


def test_an_image_agrees_with_itself_at_every_scale_however_it_is_scaled():
    np.testing.assert_allclose(ring_correlation(noise(0), noise(0)), 1)
    np.testing.assert_allclose(ring_correlation(noise(0), 3 * noise(0) + 5), 1)
    assert resolved_ring(ring_correlation(noise(0), noise(0)), 0.5) == 32


def test_independent_noise_agrees_at_no_scale():
    correlation = ring_correlation(noise(0), noise(1))
    assert np.abs(correlation[4:]).max() < 0.35
    assert abs(correlation[4:].mean()) < 0.05
    assert np.mean([resolved_ring(ring_correlation(noise(k), noise(k + 100)), 0.5) for k in range(20)]) < 1


def test_a_smooth_scene_under_noise_agrees_as_far_as_it_stands_out():
    scene = 40 * gaussian_filter(noise(2), (0, 3, 3))
    one, other = scene + noise(3), scene + noise(4)
    correlation = ring_correlation(one, other)
    assert correlation[:3].min() > 0.95
    assert abs(correlation[20:].mean()) < 0.1
    assert resolved_ring(correlation, 0.5) == pytest.approx(9, abs=5)
