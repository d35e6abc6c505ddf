"""What every analysis of a variational restorer must be: a transform, its transpose and its power."""

import pytest
import torch

from pipeline.restorers.starlet import Starlets
from pipeline.sparsity.differences import Differences

SIZE = (48, 60)


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(params=[Differences(), Starlets()], ids=["differences", "starlets"])
def analysis(request):
    return request.param


def test_the_transpose_is_the_transpose(analysis):
    scene = random(2, *SIZE)
    made = analysis.of(scene)
    other = random(*made.shape, seed=1)
    torch.testing.assert_close((made * other).sum(), (scene * analysis.transpose(other)).sum(), rtol=1e-5, atol=1e-4)


def test_the_power_is_that_of_the_transform_and_its_transpose(analysis):
    scene = random(2, *SIZE)
    twice = torch.fft.irfft2(analysis.power(SIZE) * torch.fft.rfft2(scene), s=SIZE)
    torch.testing.assert_close(analysis.transpose(analysis.of(scene)), twice, rtol=1e-4, atol=1e-5)


def test_a_level_has_no_coefficients(analysis):
    assert analysis.of(torch.full((2, *SIZE), 7.0)).abs().max() < 1e-4


def test_groups_are_as_long_as_their_coefficients(analysis):
    made = analysis.of(random(2, *SIZE))
    length = analysis.length(made)
    torch.testing.assert_close(length.square().sum(), made.square().sum())
    torch.testing.assert_close(analysis.length(3 * made), 3 * length)
