import numpy as np
import pytest

from pipeline.evaluation.patches import BORDER, MOST, PATCH, Sample, Scale, places
from pipeline.image import Image
from pipeline.splits import Item
from pipeline.store import read_images, read_restored, write_images, write_restored
from pipeline.tiling import Window

SCALE = Scale((1.0,), (0.1,), 1.0)


def blocks(size, block):
    return [
        Item("field", f"field/{y}-{x}", Window(y, x, block, block), f"band{x}", 0, "test", 0)
        for y in range(0, size, block)
        for x in range(0, size, block)
    ]


def test_patches_lie_within_their_item_side_by_side_and_away_from_the_border_of_the_image():
    found = places(blocks(200, 100), lambda _: (1, 200, 200), seed=0)
    covered = np.zeros((200, 200), int)
    for place in found:
        assert place.window.clipped(place.item.window) == place.window
        covered[place.window.slices] += 1
    assert covered.max() == 1
    assert len(found) == 4 * ((100 - BORDER) // PATCH) ** 2
    assert not covered[:BORDER].any()
    assert not covered[:, -BORDER:].any()


def test_of_many_places_some_are_drawn_by_the_seed():
    items = blocks(1600, 200)
    first, again, other = (places(items, lambda _: (1, 1600, 1600), seed) for seed in (0, 0, 1))
    assert len(first) == MOST
    assert first == again != other


def test_an_image_too_small_for_a_patch_gives_none():
    assert places(blocks(60, 60), lambda _: (1, 60, 60), 0) == []


def test_values_are_seen_in_sigmas_of_the_sky_and_masked_ones_as_sky():
    pixels = np.array([[[1.0, 1.3, np.nan]]])
    seen = SCALE.apply(pixels, np.array([[[False, False, True]]]))
    assert seen.ravel() == pytest.approx([0, np.arcsinh(1), 0])


def test_a_sky_without_noise_can_be_seen():
    assert np.isfinite(Scale((0.0,), (0.0,), 1.0).apply(np.ones((1, 2, 2)), np.zeros((1, 2, 2), bool))).all()


def test_restored_patches_lie_where_the_real_ones_do_and_masked_places_are_left_out(tmp_path):
    random = np.random.default_rng(0)
    pixels = random.standard_normal((1, 128, 128)).astype(np.float32)
    mask = np.zeros(pixels.shape, bool)
    mask[:, :64, :64] = True
    items = blocks(128, 64)
    with write_images(tmp_path / "images.h5", sky=[0.0], sky_sigma=[1.0], data_range=5.0) as images:
        images.append(Image("field", pixels, mask, "display", ("a",)))
    with write_restored(tmp_path / "same.h5") as restored:
        for item in items:
            restored.append(item.item, pixels[(slice(None), *item.window.slices)])
    with read_images(tmp_path / "images.h5") as truth, read_restored(tmp_path / "same.h5") as made:
        sample = Sample(truth, items, seed=0)
        np.testing.assert_array_equal(sample.restored(made), sample.real)
    assert [item.item for item in sample.items] == ["field/0-64", "field/64-0", "field/64-64"]
