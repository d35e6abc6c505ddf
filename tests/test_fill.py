import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.fill import FILL_HALO, fill_masked


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float32, (2, 9, 11), elements=st.floats(-1e3, 1e3, width=32)),
    arrays(np.bool_, (2, 9, 11)),
)
def test_trusted_pixels_are_untouched_and_filled_ones_lie_between_them(pixels, mask):
    filled = fill_masked(pixels, mask)
    np.testing.assert_array_equal(filled[~mask], pixels[~mask])
    for band in range(2):
        good = pixels[band][~mask[band]]
        low, high = (good.min(), good.max()) if good.size else (0, 0)
        slack = 1e-5 * max(abs(low), abs(high), 1)
        assert filled[band].min() >= low - slack
        assert filled[band].max() <= high + slack


def test_a_hole_in_a_constant_takes_the_constant():
    pixels = np.full((1, 60, 60), 1e-9, np.float32)
    mask = np.zeros(pixels.shape, bool)
    mask[0, 10:50, 10:50] = True
    pixels[mask] = np.float32(1e9)
    np.testing.assert_allclose(fill_masked(pixels, mask), 1e-9, rtol=1e-4)


def test_a_single_dead_pixel_takes_the_mean_of_its_neighbours():
    pixels = np.zeros((1, 21, 21), np.float32)
    pixels[0, :, 11:] = 1
    mask = np.zeros(pixels.shape, bool)
    mask[0, 10, 10] = True
    assert 0.2 < fill_masked(pixels, mask)[0, 10, 10] < 0.5


def test_a_band_without_a_trusted_pixel_is_zero():
    pixels = np.full((2, 8, 8), 5.0, np.float32)
    mask = np.zeros(pixels.shape, bool)
    mask[1] = True
    filled = fill_masked(pixels, mask)
    assert (filled[1] == 0).all()
    assert (filled[0] == 5).all()


def test_a_tile_with_its_halo_is_filled_as_the_whole_is():
    random = np.random.default_rng(0)
    pixels = (random.standard_normal((1, 200, 160)) + 10).astype(np.float32)
    mask = random.random(pixels.shape) < 0.3
    mask[0, 90:110, 60:100] = True
    whole = fill_masked(pixels, mask)
    rows, columns = slice(80 - FILL_HALO, 120 + FILL_HALO), slice(50 - FILL_HALO, 110 + FILL_HALO)
    tile = fill_masked(pixels[:, rows, columns], mask[:, rows, columns])
    inner = (..., slice(FILL_HALO, -FILL_HALO), slice(FILL_HALO, -FILL_HALO))
    np.testing.assert_allclose(tile[inner], whole[:, 80:120, 50:110], atol=1e-4)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_tensors_of_any_batch_shape_are_filled_plane_by_plane(batch):
    random = torch.Generator().manual_seed(0)
    pixels = torch.randn(*batch, 2, 16, 20, generator=random)
    mask = torch.rand(pixels.shape, generator=random) < 0.2
    filled = fill_masked(pixels, mask)
    planes = [fill_masked(p[None], m[None])[0] for p, m in zip(pixels.flatten(0, -3), mask.flatten(0, -3))]
    torch.testing.assert_close(filled.flatten(0, -3), torch.stack(planes))
