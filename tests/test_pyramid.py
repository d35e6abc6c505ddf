import tracemalloc

import numpy as np
import pytest
from made_viewed import block_means

from pipeline.image import Image
from pipeline.pyramid import level_of, pyramid
from pipeline.tiling import whole
from pipeline.windowed import Plane, WindowedImage


def image_of(pixels):
    return WindowedImage.of(Image("field", pixels, np.zeros(pixels.shape, bool), "nJy", tuple("abcd"[: len(pixels)])))


@pytest.fixture
def pixels():
    return np.random.default_rng(0).lognormal(0, 2, (2, 53, 37)).astype(np.float32)


def levels(pixels, tile, halvings):
    """Whole levels, put together from their parts; every pixel must come once."""
    made = [np.full((len(pixels), *whole_level(pixels, k)), np.nan, np.float32) for k in range(halvings + 1)]
    for part in pyramid(image_of(pixels), tile, halvings):
        place = made[part.halvings][(slice(None), *part.window.slices)]
        assert np.isnan(place).all()
        assert place.shape == part.pixels.shape
        place[...] = part.pixels
    return made


def whole_level(pixels, halvings):
    level = level_of(whole(*pixels.shape[1:]), halvings)
    return level.height, level.width


def test_each_level_holds_the_means_of_the_blocks_of_the_image(pixels):
    made = levels(pixels, 8, 6)
    assert np.array_equal(made[0], pixels)
    for halvings, level in enumerate(made):
        np.testing.assert_allclose(level, block_means(pixels, halvings), rtol=1e-6)
    assert made[6].shape == (2, 1, 1)


def test_no_bit_depends_on_the_width_of_the_tiles(pixels):
    first = levels(pixels, 4, 6)
    for tile in (8, 16, 64):
        for ours, theirs in zip(first, levels(pixels, tile, 6)):
            assert ours.tobytes() == theirs.tobytes()


def test_every_pixel_is_read_once_and_no_window_is_larger_than_a_tile(pixels):
    read, times = [], np.zeros(pixels.shape, int)

    def counted(band, window):
        read.append(window)
        times[(band, *window.slices)] += 1
        return Plane(pixels[(band, *window.slices)], np.zeros((window.height, window.width), bool))

    for _ in pyramid(WindowedImage("field", pixels.shape, "nJy", ("a", "b"), counted), 8, 6):
        pass
    assert (times == 1).all()
    assert max(max(window.height, window.width) for window in read) == 8


def test_memory_does_not_grow_with_the_image():
    def most(side):
        def flat(_band, window):
            return Plane(np.ones((window.height, window.width), np.float32), np.zeros((1, 1), bool))

        tracemalloc.start()
        for _ in pyramid(WindowedImage("field", (1, side, side), "nJy", ("a",), flat), 64, 4):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert most(2048) < 1.2 * most(512)
