import pytest
import torch

from pipeline.config.networks.stages import OPTIMISER_NAMES
from pipeline.training.optimisers import OPTIMISERS


def test_the_configuration_knows_the_optimisers():
    assert set(OPTIMISER_NAMES) == set(OPTIMISERS)


@pytest.mark.parametrize("name", OPTIMISER_NAMES)
def test_every_optimiser_finds_the_bottom_of_a_bowl(name):
    weight = torch.nn.Parameter(torch.tensor([2.0, -1.0]))
    optimiser = OPTIMISERS[name]([weight], 1.0 if name == "adadelta" else 0.05)
    for _ in range(1500):
        optimiser.zero_grad()
        weight.square().sum().backward()
        optimiser.step()
    assert weight.abs().max() < 0.2
