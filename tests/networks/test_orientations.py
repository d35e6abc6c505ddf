import torch
from made_training import awakened, network_input

from pipeline.networks.inputs import RestorationInput
from pipeline.networks.nafnet import NAFNet
from pipeline.networks.orientations import mean_over_orientations


def test_a_network_without_a_preferred_direction_gains_nothing():
    inputs = network_input(16, 24)

    def plain(seen):
        return 2 * seen.preview + seen.inverse * seen.descriptor[:, :1, None, None]

    torch.testing.assert_close(mean_over_orientations(plain, inputs), plain(inputs))


def test_the_mean_has_no_preferred_direction():
    network, inputs = awakened(NAFNet(2, 2, 4, [1], 1, [1])), network_input(16, 16)
    turned = RestorationInput(*(p.rot90(1, (-2, -1)).flip(-1) if p.ndim == 4 else p for p in inputs[:5]))
    with torch.no_grad():
        mean, of_turned = (mean_over_orientations(network, seen) for seen in (inputs, turned))
        assert not torch.allclose(network(turned), network(inputs).rot90(1, (-2, -1)).flip(-1), atol=1e-4)
    torch.testing.assert_close(of_turned, mean.rot90(1, (-2, -1)).flip(-1), atol=1e-5, rtol=1e-4)
