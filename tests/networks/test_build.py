import pytest
import torch
from made_training import awakened, network_input

from pipeline.config import Nafnet
from pipeline.networks.build import build_network, drawing_network


@pytest.mark.parametrize("patch_size", [1, 2])
def test_a_drawing_network_starts_as_the_faithful_one_and_its_draws_differ(patch_size):
    settings = Nafnet(width=4, encoder_blocks=[1], decoder_blocks=[1], patch_size=patch_size).model_dump()
    faithful = awakened(build_network(settings, 2, 2))
    drawing = drawing_network(faithful.state_dict(), settings, 2, 2)
    inputs = network_input(16, 16)
    noise = torch.zeros(1, settings["posterior"]["noise_planes"], 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(drawing(inputs._replace(noise=noise)), faithful(inputs))
        one, other = (drawing(inputs._replace(noise=torch.randn_like(noise))) for _ in range(2))
    assert not torch.allclose(one, other)
