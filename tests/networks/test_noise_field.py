import torch

from pipeline.networks.noise_field import BLOCK, noise_field
from pipeline.tiling import Window


def test_a_window_is_a_part_of_one_field_wherever_it_lies():
    whole = noise_field(("a", 0), Window(-70, -10, 200, 150), 2)
    part = Window(-30, 50, 77, 33)
    within = part.relative_to(Window(-70, -10, 0, 0))
    assert whole.shape == (1, 2, 200, 150)
    assert torch.equal(noise_field(("a", 0), part, 2), whole[(..., *within.slices)])


def test_it_is_white_and_of_unit_width():
    field = noise_field(("a", 0), Window(0, 0, 512, 512), 1)
    assert abs(field.mean().item()) < 0.01
    assert abs(field.std().item() - 1) < 0.01
    for shift in ((1, 0), (0, 1), (BLOCK, 0), (0, BLOCK), (BLOCK, BLOCK)):
        assert abs((field * field.roll(shift, (-2, -1))).mean().item()) < 0.01


def test_every_address_has_a_field_of_its_own():
    window = Window(0, 0, 32, 32)
    fields = [noise_field(address, window, 1) for address in (("a", 0), ("a", 1), ("b", 0))]
    assert not torch.equal(fields[0], fields[1])
    assert not torch.equal(fields[0], fields[2])
