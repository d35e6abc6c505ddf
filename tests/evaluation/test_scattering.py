import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.scattering import DIRECTIONS, HIGHEST, SCALES, scattering

SIZE = 32


def noise(count=4, bands=1, seed=0):
    return np.random.default_rng(seed).standard_normal((count, bands, SIZE, SIZE)).astype(np.float32)


def first_order(patches):
    return scattering(patches)[:, : SCALES * DIRECTIONS].reshape(len(patches), SCALES, DIRECTIONS)


def test_a_constant_has_no_variation():
    assert abs(scattering(np.full((1, 2, SIZE, SIZE), 7.0))).max() < 1e-5


@pytest.mark.parametrize("scale", range(SCALES))
@pytest.mark.parametrize("direction", range(DIRECTIONS))
def test_a_wave_is_found_at_its_scale_and_direction(scale, direction):
    angle, frequency = np.pi * direction / DIRECTIONS, HIGHEST / 2**scale
    # The nearest wave that is periodic in the patch.
    down, right = (round(frequency * f(angle) * SIZE / 2 / np.pi) * 2 * np.pi / SIZE for f in (np.sin, np.cos))
    y, x = np.mgrid[:SIZE, :SIZE]
    found = first_order(np.cos(down * y + right * x)[None, None])[0]
    assert np.unravel_index(found.argmax(), found.shape) == (scale, direction)


@given(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1), st.floats(0.1, 10))
def test_shifts_change_nothing_and_contrast_is_a_factor(down, right, contrast):
    patches = noise()
    moved = np.roll(patches, (down, right), (-2, -1)) * contrast
    np.testing.assert_allclose(scattering(moved), contrast * scattering(patches), rtol=1e-3, atol=1e-5)


def test_clumps_and_even_noise_of_one_spectrum_differ_in_the_second_order():
    even = noise(200)
    clumped = even.copy()
    clumped[..., : SIZE // 2] *= np.sqrt(2)
    clumped[..., SIZE // 2 :] = 0
    of_first = SCALES * DIRECTIONS
    one, other = scattering(even).mean(0), scattering(clumped).mean(0)
    sparser = (other[of_first:] / other[:DIRECTIONS].mean()) / (one[of_first:] / one[:DIRECTIONS].mean())
    assert sparser[: 2 * DIRECTIONS**2].mean() > 1.2


def test_how_many_are_scattered_together_changes_nothing():
    patches = noise(70)
    np.testing.assert_allclose(scattering(patches)[64:], scattering(patches[64:]), rtol=1e-5)


def test_bands_stand_side_by_side():
    patches = noise(bands=3)
    each = [scattering(patches[:, [band]]) for band in range(3)]
    np.testing.assert_allclose(scattering(patches), np.concatenate(each, 1), rtol=1e-5)
