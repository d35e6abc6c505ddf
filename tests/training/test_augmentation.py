import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Augment
from pipeline.training.augmentation import Change, brightened, draw_change, largest_margin, moved

SKY = (1.0, 2.0)
SAME = np.ones((2, 1, 1), np.float32)


def blob(size, row=0.0, column=0.0, sigma=2.0):
    """A round source beside the middle of two planes, above their sky."""
    down, right = np.mgrid[:size, :size] - (size - 1) / 2
    light = np.exp(-((down - row) ** 2 + (right - column) ** 2) / 2 / sigma**2)
    return (np.array(SKY)[:, None, None] + light * np.array([3.0, 5.0])[:, None, None]).astype(np.float32)


def changed(change, scene, size, mask=None):
    """One scene turned and enlarged: pixels and mask."""
    flawed = [] if mask is None else [0]
    mask = np.zeros(scene.shape, bool) if mask is None else mask
    pixels, mask = moved(torch.from_numpy(scene)[None], torch.from_numpy(mask)[None], flawed, [change], size)
    return pixels[0].numpy(), mask[0].numpy()


def scene_for(change, size, **where):
    return blob(size + 2 * change.margin(size), **where)


@pytest.mark.parametrize(("angle", "place"), [(0, (4, 7)), (math.pi / 2, (-7, 4)), (math.pi, (-4, -7))])
def test_a_turn_takes_a_source_along(angle, place):
    change = Change(angle, 1.0 + 1e-9, SAME)
    pixels, _ = changed(change, scene_for(change, 41, row=4, column=7), 41)
    np.testing.assert_allclose(pixels, blob(41, *place), atol=0.1)


def test_an_eighth_of_a_turn_keeps_the_distance():
    change = Change(math.pi / 4, 1.0, SAME)
    pixels, _ = changed(change, scene_for(change, 41, row=6, column=6), 41)
    np.testing.assert_allclose(pixels, blob(41, 0, 6 * 2**0.5), atol=0.1)


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.6])
def test_what_is_enlarged_is_wider_and_as_bright(scale):
    change = Change(0.3, scale, SAME)
    pixels, _ = changed(change, scene_for(change, 51, sigma=3.0), 51)
    np.testing.assert_allclose(pixels, blob(51, sigma=3.0 * scale), atol=0.1)


def test_light_above_the_sky_grows_and_the_sky_stays():
    change = Change(0.0, 1.0, np.array([2.0, 10.0], np.float32)[:, None, None])
    pixels = brightened(torch.from_numpy(blob(31))[None], [change], SKY)[0].numpy()
    light = blob(31) - np.array(SKY, np.float32)[:, None, None]
    np.testing.assert_allclose(pixels[0], 1 + 2 * light[0], rtol=1e-5)
    np.testing.assert_allclose(pixels[1], 2 + 10 * light[1], rtol=1e-5)


def test_nothing_that_a_masked_pixel_had_a_part_in_is_trusted():
    change = Change(0.4, 0.9, SAME)
    size = 41 + 2 * change.margin(41)
    scene, mask = blob(size), np.zeros((2, size, size), bool)
    mask[1, size // 2 + 5, size // 2 - 3] = True
    spoilt = np.where(mask, 1e6, scene).astype(np.float32)
    (clean, _), (pixels, masked) = changed(change, scene, 41), changed(change, spoilt, 41, mask)
    assert not masked[0].any()
    assert 0 < masked[1].sum() < 60
    np.testing.assert_allclose(pixels[~masked], clean[~masked], atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, math.pi / 2), st.floats(0.25, 4), st.integers(5, 60))
def test_the_margin_holds_every_pixel_that_is_read(angle, scale, size):
    change = Change(angle, scale, SAME)
    width = size + 2 * change.margin(size)
    edge = np.ones((2, width, width), np.float32)
    edge[:, 1:-1, 1:-1] = 0
    # The outermost ring is beyond every tap but the widest, so that nothing of it may show.
    pixels, _ = changed(change, edge, size)
    assert pixels.shape == (2, size, size)
    if change.moves and change.margin(size):
        assert np.abs(pixels).max() < 1e-4


def test_a_share_of_the_scenes_is_changed_within_its_bounds():
    random = np.random.default_rng(0)
    setting = Augment(share=0.5, scale=1.5, rotation=True, brightness=4.0, colour=1.2)
    drawn = [draw_change(setting, 2, random) for _ in range(400)]
    moved = [c for c in drawn if c.moves]
    assert 160 < len(moved) < 240
    assert all(1 / 1.5 <= c.scale <= 1.5 and 0 <= c.angle <= math.pi / 2 for c in moved)
    assert all((c.gain >= 1 / 4.8).all() and (c.gain <= 4.8).all() for c in drawn)
    assert max(c.gain.max() for c in drawn) > 3
    assert np.median([np.log(c.scale) for c in moved]) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("gains", [[1.0, 1.0], [1.0, 3.0]])
def test_light_that_does_not_grow_is_the_same_to_the_last_bit(gains):
    scenes = torch.from_numpy(np.stack([blob(20), blob(20)]))
    changes = [Change(0.0, 1.0, np.full((2, 1, 1), gain, np.float32)) for gain in gains]
    same = brightened(scenes, changes, SKY)
    assert torch.equal(same[0], scenes[0])
    assert torch.equal(same[1], scenes[1]) == (gains[1] == 1)


def test_an_unchanged_scene_reads_nothing_beyond_itself():
    change = draw_change(Augment(share=0), 2, np.random.default_rng(0))
    assert not change.moves
    assert change.margin(20) == 0


@pytest.mark.parametrize("setting", [{"scale": 1.3}, {"rotation": True}, {"scale": 2.0, "rotation": True}])
def test_no_change_that_is_drawn_reads_beyond_the_largest_margin(setting):
    random, setting = np.random.default_rng(0), Augment(share=1, **setting)
    margins = [draw_change(setting, 2, random).margin(100) for _ in range(400)]
    assert largest_margin(setting, 100) - 3 <= max(margins) <= largest_margin(setting, 100)


def test_scenes_of_a_batch_are_changed_one_as_the_other():
    changes = [Change(0.3, 0.9, SAME), Change(1.2, 1.4, SAME)]
    scenes = torch.from_numpy(np.stack([blob(81, row=9), blob(81, column=4)]))
    mask = scenes > 4
    both = moved(scenes, mask, [0, 1], changes, 41)
    for slot, change in enumerate(changes):
        one = moved(scenes[slot : slot + 1], mask[slot : slot + 1], [0], [change], 41)
        assert torch.equal(both[0][slot], one[0][0])
        assert torch.equal(both[1][slot], one[1][0])
    # The mask of a scene that is said to have none is not looked at.
    assert not moved(scenes, mask, [1], changes, 41)[1][0].any()


def test_in_a_mirror_a_change_is_the_other_way_round():
    change, scene = Change(0.4, 1.2, SAME), blob(81, row=5, column=8)
    mirrored = np.ascontiguousarray(scene[..., ::-1])
    pixels, other = changed(change, scene, 41)[0], changed(change.in_a_mirror, mirrored, 41)[0]
    np.testing.assert_allclose(other, pixels[..., ::-1], atol=1e-5)


def test_in_place_no_pixel_is_moved():
    change = draw_change(Augment(share=1, brightness=8.0).in_place, 2, np.random.default_rng(0))
    assert not change.moves
    assert change.gain.max() != 1
