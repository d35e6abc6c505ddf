import numpy as np
import pytest
from scipy.signal import convolve2d

from pipeline.measures.local_correlation import local_correlation, unexplained

PLANTED = np.array([[0, 0, 0, 0, 0], [0, -0.05, 0.2, 0, 0], [0, 0.3, 0, 0.3, 0], [0, 0, 0.2, -0.05, 0], [0] * 5])
BILINEAR = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])


def following(kernel, size, random):
    """Noise of which each pixel is the sum of its neighbours by a kernel, and of what they do not explain: variance 1.

    Of a stationary field the best prediction by all neighbours has the kernel K where the spectrum is 1 / (1 - K).
    """
    placed = np.zeros(size)
    placed[: len(kernel), : len(kernel)] = kernel
    placed = np.roll(placed, (-(len(kernel) // 2),) * 2, (0, 1))
    amplitude = 1 / np.sqrt(1 - np.fft.fft2(placed).real)
    return np.fft.ifft2(amplitude * np.fft.fft2(random.normal(size=size))).real


def upsampled(size, random):
    """White noise at every second pixel, the others by linear interpolation."""
    grid = np.zeros(size)
    grid[::2, ::2] = random.normal(size=grid[::2, ::2].shape)
    return convolve2d(grid, BILINEAR, "same")


def test_a_planted_kernel_is_recovered():
    found = local_correlation(following(PLANTED, (256, 256), np.random.default_rng(0))[None])
    np.testing.assert_allclose(found[0], PLANTED, atol=0.02)


def test_it_is_recovered_where_part_of_the_plane_follows_no_kernel():
    random = np.random.default_rng(1)
    plane = following(PLANTED, (256, 256), random)
    plane[100:180, 60:160] = random.uniform(-12, 12, (80, 100))
    found = local_correlation(plane[None])
    np.testing.assert_allclose(found[0], PLANTED, atol=0.03)
    assert np.linalg.norm(_plain_least_squares(plane) - PLANTED) > 0.2


def test_interpolation_leaves_its_weights():
    kernel = local_correlation(upsampled((96, 96), np.random.default_rng(2))[None], 1)[0]
    # Pixels between two others are their mean: a quarter of the pixels by rows, a quarter by columns.
    np.testing.assert_allclose(kernel, [[-0.25, 0.5, -0.25], [0.5, 0, 0.5], [-0.25, 0.5, -0.25]], atol=0.05)


def test_white_noise_has_no_kernel():
    found = local_correlation(np.random.default_rng(3).normal(size=(4, 128, 128)))
    assert np.abs(found).max() < 0.05


def test_scale_and_level_change_no_kernel_and_planes_do_not_see_each_other():
    plane = following(PLANTED, (64, 64), np.random.default_rng(4))
    alone = local_correlation(plane[None])
    both = local_correlation(np.stack([1e-3 * plane + 7, -plane]))
    np.testing.assert_allclose(both, np.repeat(alone, 2, 0), atol=1e-6)


def test_a_plane_of_one_value_has_a_kernel_of_zeros():
    found = local_correlation(np.full((1, 32, 32), 5.0, np.float32))
    assert not found.any()


def test_what_the_neighbours_do_not_explain_is_white():
    plane = following(PLANTED, (256, 256), np.random.default_rng(5))
    left = unexplained(plane, PLANTED)
    assert left.shape == (252, 252)
    # Neither a neighbour nor a sum of them tells anything more of it.
    assert abs(np.mean(left * plane[2:-2, 1:-3])) < 0.02
    assert np.mean(left * plane[2:-2, 2:-2]) == pytest.approx(1, abs=0.05)


def test_a_plane_too_small_is_refused():
    with pytest.raises(ValueError, match="10 are needed"):
        local_correlation(np.zeros((1, 9, 40)))


def _plain_least_squares(plane):
    around = np.lib.stride_tricks.sliding_window_view(plane, (5, 5)).reshape(-1, 25)
    others = np.delete(around, 12, 1)
    return np.insert(np.linalg.lstsq(others, around[:, 12], rcond=None)[0], 12, 0).reshape(5, 5)
