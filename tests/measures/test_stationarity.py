import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.measures.stationarity import LARGEST_SPREAD, block_mean_spread

WIDTH = 32


def blocks(image, mask=None):
    mask = np.zeros(image.shape, bool) if mask is None else mask
    places = [(y, x) for y in range(0, image.shape[1], WIDTH) for x in range(0, image.shape[2], WIDTH)]
    return [(image[:, y : y + WIDTH, x : x + WIDTH], mask[:, y : y + WIDTH, x : x + WIDTH]) for y, x in places]


def noise(*shape):
    return np.random.default_rng(3).standard_normal(shape)


def test_of_white_noise_it_is_one_over_the_width_of_a_block():
    assert block_mean_spread(blocks(noise(2, 640, 640))) == pytest.approx([1 / WIDTH] * 2, rel=0.1)


def test_a_correlated_texture_is_still_one_texture_and_two_tissues_side_by_side_are_not():
    texture = gaussian_filter(noise(1, 640, 640), (0, 2, 2))
    assert block_mean_spread(blocks(texture))[0] < 0.3 * LARGEST_SPREAD + 0.15
    tissues = texture + 3 * texture.std() * (np.arange(640) < 320)
    assert block_mean_spread(blocks(tissues))[0] > LARGEST_SPREAD


def test_masked_pixels_have_no_part_in_it():
    image, mask = noise(1, 320, 320), np.zeros((1, 320, 320), bool)
    mask[:, :40], mask[:, :, 300:] = True, True
    spoiled = np.where(mask, 1e6, image)
    found = block_mean_spread(blocks(spoiled, mask))
    assert found == pytest.approx(block_mean_spread(blocks(np.where(mask, -7.0, image), mask)))
    assert found[0] < 0.1


def test_an_image_of_one_value_has_no_spread():
    assert block_mean_spread(blocks(np.ones((1, 64, 64)))).tolist() == [0.0]
    assert block_mean_spread(blocks(np.ones((1, 32, 32)))).tolist() == [0.0]
