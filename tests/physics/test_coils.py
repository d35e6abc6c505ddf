import math

import pytest
import torch

from pipeline.physics.coils import coil_maps, receive_maps


@pytest.mark.parametrize("coils", [1, 2, 8])
@pytest.mark.parametrize("size", [(1, 1), (30, 41)])
def test_the_squares_of_the_coils_add_up_to_one(coils, size):
    maps = coil_maps(*size, coils)
    assert maps.shape == (coils, *size)
    torch.testing.assert_close(maps.abs().square().sum(0), torch.ones(size).double())


def test_each_coil_hears_best_what_is_next_to_it():
    right, down, left, up = coil_maps(31, 31, 4).abs()
    assert right[15].argmax() == 30
    assert left[15].argmax() == 0
    assert down[:, 15].argmax() == 30
    assert up[:, 15].argmax() == 0


def test_coils_are_alike_but_for_a_turn():
    maps = coil_maps(24, 24, 4)
    # Rows count downwards, so that the second coil is the first one turned clockwise.
    torch.testing.assert_close(maps[1], maps[0].rot90(-1))


def test_one_coil_hears_all_alike():
    assert (coil_maps(5, 6, 1) == 1).all()


def test_phase_and_bias_come_on_top():
    maps = receive_maps(coil_maps(8, 8, 2), torch.full((8, 8), math.pi / 2).double(), torch.full((8, 8), 3.0).double())
    torch.testing.assert_close(maps, 3j * coil_maps(8, 8, 2))
    torch.testing.assert_close(receive_maps(coil_maps(8, 8, 1), torch.zeros(8, 8).double()), coil_maps(8, 8, 1))
