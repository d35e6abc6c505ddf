import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.physics.motion import moved, moved_back, random_motion
from pipeline.physics.sampling_masks import all_lines, random_lines


def pose(degrees=0.0, down=0.0, right=0.0):
    return torch.tensor([degrees, down, right], dtype=torch.float64)


def head(size=41):
    """Lopsided, soft, and in air, so that neither turns nor shifts bring it to the border."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    blobs = [(0, 0, 4.0, 1.0), (5, -3, 2.0, 0.7), (-4, 6, 1.5, -0.4)]
    return torch.from_numpy(sum(a * np.exp(-((y - v) ** 2 + (x - u) ** 2) / 2 / s**2) for v, u, s, a in blobs))


@pytest.mark.parametrize(("size", "tolerance"), [(41, 1e-5), (42, 1e-3)])
def test_a_quarter_turn_is_numpys(size, tolerance):
    torch.testing.assert_close(moved(head(size), pose(90.0)), head(size).rot90(), atol=tolerance, rtol=0)


@pytest.mark.parametrize("size", [41, 42])
def test_a_shift_by_whole_pixels_rolls(size):
    torch.testing.assert_close(moved(head(size), pose(0, 3, -2)), head(size).roll((3, -2), (0, 1)), atol=1e-9, rtol=0)


def test_a_shift_by_a_part_of_a_pixel_moves_the_middle_by_as_much():
    scene = head()

    def middle(image):
        places = torch.arange(41).double()
        return torch.stack([image.sum(1) @ places, image.sum(0) @ places]) / image.sum()

    torch.testing.assert_close(
        middle(moved(scene, pose(0, 0.3, -1.7))) - middle(scene), torch.tensor([0.3, -1.7]).double(), atol=1e-3, rtol=0
    )


def test_turns_add_up():
    torch.testing.assert_close(
        moved(moved(head(), pose(20.0)), pose(25.0)), moved(head(), pose(45.0)), atol=1e-4, rtol=0
    )


@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    degrees=st.floats(-80, 80),
    down=st.floats(-5, 5),
    right=st.floats(-5, 5),
)
@settings(deadline=None, max_examples=50)
def test_moving_back_is_the_transpose(height, width, degrees, down, right):
    generator = torch.Generator().manual_seed(0)
    scene, data = torch.randn(2, 1, 1, height, width, generator=generator, dtype=torch.float64)
    there = pose(degrees, down, right)
    left, back = float((moved(scene, there) * data).sum()), float((scene * moved_back(data, there)).sum())
    assert left == pytest.approx(back, rel=1e-9, abs=1e-9)


def test_moving_back_undoes_a_move():
    there = pose(12.0, 1.4, -2.3)
    torch.testing.assert_close(moved_back(moved(head(), there), there), head())


def test_the_middle_of_k_space_is_taken_where_the_scene_is():
    lines = random_lines(64, 4, 4, 0)
    motion = random_motion(lines, 5, 2.0, 1.0, 0, "a")
    assert (motion.poses[motion.shots[list(lines).index(0)]] == 0).all()
    assert (motion.shots.diff() >= 0).all()
    assert set(motion.shots.tolist()) == set(range(5))


def test_an_address_gives_the_same_motion_and_another_address_another():
    first, same, other = (random_motion(all_lines(16), 4, 1.0, 1.0, 0, name) for name in ("a", "a", "b"))
    assert first.like(same)
    assert not first.like(other)
    assert not first.like(None)


def test_a_motion_is_as_large_as_asked():
    moves = torch.cat([random_motion(all_lines(99), 9, 3.0, 0.5, seed).poses for seed in range(400)])
    # From the pose of one shot to that of another, so that the variance is twice that of either, or nothing.
    torch.testing.assert_close(
        moves.square().mean(0).sqrt(), (2 * 8 / 9) ** 0.5 * torch.tensor([3.0, 0.5, 0.5]).double(), rtol=0.05, atol=0
    )
