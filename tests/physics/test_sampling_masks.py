import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.physics.sampling_masks import SamplingError, all_lines, central_lines, random_lines, uniform_lines


@pytest.mark.parametrize("height", [1, 2, 7, 256])
def test_lines_are_those_of_the_fourier_transform(height):
    np.testing.assert_array_equal(all_lines(height), np.sort(np.fft.fftfreq(height, 1 / height)).astype(int))


def test_uniform_lines_are_evenly_spaced_but_for_the_calibration():
    lines = uniform_lines(64, 4, 8)
    np.testing.assert_array_equal(lines, sorted({*range(-32, 32, 4), *range(-4, 4)}))
    np.testing.assert_array_equal(uniform_lines(64, 1, 0), all_lines(64))


@given(
    height=st.integers(8, 300),
    acceleration=st.floats(1, 8),
    share=st.floats(0, 0.9),
    seed=st.integers(0, 10),
)
def test_random_lines_are_as_many_as_asked_for_each_once_and_hold_the_middle(height, acceleration, share, seed):
    count = round(height / acceleration)
    calibration = int(share * count)
    lines = random_lines(height, acceleration, calibration, seed)
    assert len(lines) == len(set(lines)) == count
    assert (np.diff(lines) > 0).all()
    assert set(all_lines(calibration)) <= set(lines)
    assert set(lines) <= set(all_lines(height))


def test_an_address_gives_the_same_lines_whatever_was_drawn_before():
    addresses = [(0, "a"), (0, "b"), (1, "a")]
    first = [random_lines(128, 4, 8, *address) for address in addresses]
    again = [random_lines(128, 4, 8, *address) for address in addresses[::-1]][::-1]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({tuple(lines) for lines in first}) == 3


def test_random_lines_are_the_fewer_the_farther_out():
    drawn = np.concatenate([random_lines(128, 4, 8, seed) for seed in range(100)])
    counts, _ = np.histogram(np.abs(drawn), [5, 20, 35, 50, 65])
    assert (np.diff(counts) < 0).all()
    # Half way out the density is an eighth; the middle is nearly full, and so has less than its due.
    assert counts[0] > 4 * counts[2]


def test_central_lines_lie_about_the_middle():
    np.testing.assert_array_equal(central_lines(9, 4), [-2, -1, 0, 1])


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: central_lines(8, 9), "9 lines"),
        (lambda: central_lines(8, 0), "0 lines"),
        (lambda: uniform_lines(8, 0, 0), "acceleration is 0"),
        (lambda: uniform_lines(8, 2, 9), "9 calibration lines"),
        (lambda: random_lines(64, 4, 20, 0), "leaves 16 of 64 lines and 20"),
        (lambda: random_lines(64, float("nan"), 0, 0), "acceleration is nan"),
    ],
)
def test_impossible_lines_are_refused_in_words(ask, says):
    with pytest.raises(SamplingError, match=says):
        ask()
