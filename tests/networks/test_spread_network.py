import pytest
import torch
from made_training import awakened, network_input

from pipeline.networks.spread import SpreadNetwork


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_an_output_pixel_reads_the_declared_radius_and_no_more(blocks):
    network = awakened(SpreadNetwork(1, 2, 4, blocks), size=0.1)
    size = 2 * network.receptive_radius + 6
    inputs = network_input(size, size, bands=1)
    reaches = []
    for at in (size // 2 // 2 * 2, size // 2 // 2 * 2 + 1):
        estimate = inputs.preview.clone().requires_grad_()
        network(inputs, estimate)[0, 0, at, at].backward()
        reaches.append(int((estimate.grad[0, 0].nonzero() - at).abs().max()))
    assert max(reaches) == network.receptive_radius


def test_it_begins_with_one_spread_for_each_band():
    network, inputs = SpreadNetwork(2, 2), network_input(16, 20)
    network.start_at(torch.tensor([-3.0, 1.0]))
    with torch.no_grad():
        found = network(inputs, inputs.preview)
    assert found.shape == (1, 2, 16, 20)
    torch.testing.assert_close(found[0].mean((1, 2)), torch.tensor([-3.0, 1.0]), atol=0.3, rtol=0)
