import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pairing.resampling import Resampler, cubic_convolution


def grid(height=30, width=26):
    return np.indices((height, width), dtype=float)


def of(image, places, mask=None, sigma=None):
    image = np.asarray(image, np.float32)[None]
    mask = np.zeros(image.shape, bool) if mask is None else mask[None]
    noise = np.ones_like(image) if sigma is None else sigma[None].astype(np.float32)
    return Resampler(image, mask, noise).at(places)


@given(st.floats(-3, 3))
def test_weights_of_all_samples_sum_to_one(place):
    assert cubic_convolution(place - np.arange(-8, 9)).sum() == pytest.approx(1)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_parabola_is_interpolated_exactly(down, across):
    def scene(places):
        y, x = places / 10
        return 3 + y - 2 * x + y**2 - 0.5 * x**2 + x * y

    places = grid() + np.array([down, across])[:, None, None]
    found = of(scene(grid()), places)
    inner = (0, slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(found.pixels[inner], scene(places)[inner[1:]], atol=1e-4)


def test_on_its_own_pixels_an_image_stays_as_it_is():
    random = np.random.default_rng(0)
    image, mask = random.normal(size=(30, 26)), random.random((30, 26)) < 0.1
    sigma = random.uniform(1, 2, (30, 26))
    found = of(image, grid(), mask, sigma)
    np.testing.assert_array_equal(found.mask[0], mask)
    np.testing.assert_allclose(found.pixels[0][~mask], image[~mask], rtol=1e-6)
    np.testing.assert_allclose(found.sigma[0], sigma, rtol=1e-6)


def test_noise_is_as_large_as_it_is_said_to_be():
    random = np.random.default_rng(1)
    sigma = np.linspace(0.5, 2, 26) * np.ones((30, 1))
    places = 0.37 * np.indices((60, 50), dtype=float) + 3.2
    drawn = np.stack([of(sigma * random.standard_normal((30, 26)), places).pixels[0] for _ in range(600)])
    np.testing.assert_allclose(drawn.std(0), of(np.zeros((30, 26)), places, sigma=sigma).sigma[0], rtol=0.15)


def test_what_touches_a_bad_pixel_or_the_border_is_masked_and_nothing_else():
    mask = np.zeros((30, 26), bool)
    mask[10, 12] = True
    image = np.where(mask, 1e6, 1.0)
    found = of(image, grid() + 0.5, mask)
    bad = np.zeros((30, 26), bool)
    bad[8:12, 10:14] = True
    bad[[0, -2, -1]], bad[:, [0, -2, -1]] = True, True
    np.testing.assert_array_equal(found.mask[0], bad)
    np.testing.assert_allclose(found.pixels[0][~bad], 1.0, rtol=1e-5)


def test_a_place_that_is_nowhere_is_masked():
    places = grid()
    places[:, 4, 5] = np.nan
    found = of(np.ones((30, 26)), places)
    assert found.mask[0, 4, 5]
    assert found.mask.sum() == 1
    assert np.isfinite(found.pixels).all()
