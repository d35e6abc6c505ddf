import torch

from pipeline.config.networks.nafnet import ACTIVATION_NAMES
from pipeline.networks.activations import ACTIVATIONS, SimpleGate


def test_the_configuration_knows_the_activations():
    assert set(ACTIVATION_NAMES) == set(ACTIVATIONS)


def test_a_gate_multiplies_halves_of_the_channels():
    x = torch.tensor([2.0, 3.0, 5.0, 7.0]).reshape(1, 4, 1, 1)
    assert SimpleGate()(x).flatten().tolist() == [10.0, 21.0]
