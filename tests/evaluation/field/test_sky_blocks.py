import numpy as np
import pytest
from made_sky import BANDS, drawn_sky

from pipeline.evaluation.field.sky_blocks import SkyError, block_side, blocks_of
from pipeline.image import Image
from pipeline.windowed import WindowedImage


def masked_sky(rows, size=(256, 256)):
    """A sky of which the first rows are masked in one band."""
    pixels = drawn_sky(0, size)
    mask = np.zeros(pixels.shape, bool)
    mask[1, :rows] = True
    return WindowedImage.of(Image("sky", pixels, mask, "nJy", BANDS))


def test_blocks_that_are_masked_are_no_sky_to_compare_with():
    blocks = blocks_of([masked_sky(64)], 32, 0)
    assert len(blocks) == 48
    assert min(block.window.y0 for block in blocks) == 64
    assert {block.trusted for block in blocks} == {1.0}


def test_what_is_left_of_a_block_is_known():
    blocks = blocks_of([masked_sky(3)], 32, 0)
    assert len(blocks) == 64
    assert min(block.trusted for block in blocks) == pytest.approx(29 / 32)


def test_blocks_are_as_wide_as_leaves_enough_that_are_not_masked():
    assert block_side([masked_sky(0)]) == 32
    with pytest.raises(SkyError, match="not masked"):
        block_side([masked_sky(240)])
