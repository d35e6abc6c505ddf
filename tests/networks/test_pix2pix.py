import pytest
import torch
from made_training import awakened, network_input

from pipeline.config import Nafnet, Pix2pix
from pipeline.networks.build import build_network
from pipeline.networks.patch_discriminator import PatchDiscriminator
from pipeline.networks.pix2pix import Pix2pixUNet, initialise_as_published


def initialised(network):
    initialise_as_published(network)
    return network


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("training", [True, False])
def test_an_image_keeps_its_size(size, training):
    network = Pix2pixUNet(3, size, 4).train(training)
    with torch.no_grad():
        assert network(network_input(size, size, bands=3, count=2)).shape == (2, 3, size, size)


def test_every_pixel_of_a_tile_decides_each():
    network = awakened(Pix2pixUNet(1, 32, 4))
    inputs = network_input(32, 32, bands=1)
    preview = inputs.preview.requires_grad_()
    network(inputs._replace(preview=preview))[0, 0, 3, 3].backward()
    assert (preview.grad != 0).all()


def test_only_the_degraded_image_is_looked_at():
    network = awakened(Pix2pixUNet(2, 32, 4))
    inputs, others = network_input(32, 32), network_input(32, 32, seed=1)
    with torch.no_grad():
        assert torch.equal(network(inputs), network(others._replace(preview=inputs.preview)))


def test_dropout_rests_at_restoration():
    network, inputs = Pix2pixUNet(2, 32, 4), network_input(32, 32)
    with torch.no_grad():
        assert not torch.equal(network(inputs), network(inputs))
        network.eval()
        assert torch.equal(network(inputs), network(inputs))


def test_weights_start_as_published():
    torch.manual_seed(0)
    for start in (Pix2pixUNet(2, 64, 16), initialised(PatchDiscriminator(2, 16, "instance"))):
        weights = {name: value for name, value in start.named_parameters() if name.endswith("weight")}
        assert all(value.std().item() == pytest.approx(0.02, rel=0.1) for value in weights.values())
        assert all(abs(value.mean().item()) < 0.004 for value in weights.values())
        biases = [value for name, value in start.named_parameters() if name.endswith("bias")]
        assert len(biases) == len(weights)
        assert not any(value.any() for value in biases)


def test_three_quarters_of_a_tile_are_halo():
    network = Pix2pixUNet(2, 64, 4)
    assert (network.size, network.stride, network.receptive_radius) == (64, 1, 16)


def test_the_configuration_chooses_the_network():
    nafnet = build_network(Nafnet(width=4, encoder_blocks=[1], decoder_blocks=[1]).model_dump(), 2, 2)
    unet = build_network(Pix2pix(steps=1, crop=32, base_channels=4).model_dump(mode="json"), 3, 2)
    assert (nafnet.size, nafnet.stride) == (None, 2)
    assert unet.size == 32
