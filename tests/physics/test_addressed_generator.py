import pytest
import torch

from pipeline.physics.noise import addressed_generator

ALIKE = (0, 1432), (0, 21529)
"""Two addresses whose digests agree in their last 32 bits, which is all that a CPU takes of a seed."""


def test_addresses_whose_digests_agree_in_half_of_their_bits_have_numbers_of_their_own():
    one, other = (addressed_generator(*address) for address in ALIKE)
    assert (one.initial_seed() - other.initial_seed()) % 2**32 == 0
    drawn = torch.stack([torch.randn(10_000, generator=generator) for generator in (one, other)])
    assert abs(float(torch.corrcoef(drawn)[0, 1])) < 0.05


@pytest.mark.parametrize("draw", [torch.rand, torch.randn])
def test_numbers_of_neighbouring_addresses_are_those_of_one_long_draw(draw):
    drawn = torch.stack([draw(1000, generator=addressed_generator("row", k)) for k in range(1000)]).double()
    mean, variance = (0.5, 1 / 12) if draw is torch.rand else (0.0, 1.0)
    standard = (drawn - mean) / variance**0.5
    assert abs(float(standard.mean())) < 4e-3
    assert float(standard.square().mean()) == pytest.approx(1, abs=6e-3)
    # Columns are the first, the second ... number of each address: they must be as independent as rows.
    for numbers in (standard, standard.T):
        neighbours = (numbers[1:] * numbers[:-1]).mean()
        assert abs(float(neighbours)) < 4e-3


def test_a_copy_of_a_generator_draws_the_same():
    generator = addressed_generator("copy")
    copy = generator.clone_state()
    assert torch.equal(torch.randn(50, generator=generator), torch.randn(50, generator=copy))
