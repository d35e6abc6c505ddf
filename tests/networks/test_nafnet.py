import pytest
import torch
from made_training import awakened, network_input

from pipeline.config.networks.nafnet import ACTIVATION_NAMES
from pipeline.networks.nafnet import NAFNet

SHAPES = [([1], 1, [1]), ([2], 2, [1]), ([1, 1], 1, [1, 1]), ([1, 2], 1, [2, 1]), ([1, 1, 1], 1, [1, 1, 1])]


def made(shape, bands=1):
    encoder, middle, decoder = shape
    return awakened(NAFNet(bands, 2, 4, encoder, middle, decoder))


def reach(network, size, at):
    """How far from an output pixel the inputs lie that decide it."""
    inputs = network_input(size, size, bands=1)
    preview = inputs.preview.requires_grad_()
    network(inputs._replace(preview=preview))[0, 0, at, at].backward()
    touched = preview.grad[0, 0].nonzero()
    return int((touched - at).abs().max())


@pytest.mark.parametrize("shape", SHAPES)
def test_an_output_pixel_reads_the_declared_radius_and_no_more(shape):
    network = made(shape)
    radius, stride = network.receptive_radius, network.stride
    size = -(-(2 * radius + 2 * stride) // stride) * stride
    reaches = [reach(network, size, size // 2 // stride * stride + phase) for phase in range(stride)]
    assert max(reaches) == radius


@pytest.mark.parametrize("shape", SHAPES)
def test_a_change_beyond_the_radius_changes_no_bit(shape):
    network = made(shape)
    size = 2 * network.receptive_radius + 4 * network.stride
    size += -size % network.stride
    inputs = network_input(size, size, bands=1)
    changed = inputs._replace(preview=inputs.preview.clone())
    at = size // 2 + 1
    changed.preview[..., at, at] += 10
    with torch.no_grad():
        difference = (network(inputs) != network(changed))[0, 0].nonzero()
    assert len(difference)
    assert (difference - at).abs().max() <= network.receptive_radius


def test_halvings_make_the_stride():
    assert [made(shape).stride for shape in SHAPES] == [2, 2, 4, 4, 8]


def test_a_shift_by_the_stride_shifts_the_result():
    network = made(([1, 1], 1, [1, 1]))
    inputs = network_input(96, 96, bands=1)
    shifted = type(inputs)(*(plane.roll(4, -1) if plane.ndim == 4 else plane for plane in inputs[:5]))
    inner = slice(40, 60)
    with torch.no_grad():
        whole, moved = network(inputs), network(shifted)
    torch.testing.assert_close(moved[..., inner, 44:64], whole[..., inner, 40:60])


def test_images_of_a_batch_do_not_see_one_another():
    network = made(([1, 1], 1, [1, 1]), bands=3)
    inputs = network_input(16, 24, bands=3, count=3)
    with torch.no_grad():
        together = network(inputs)
        for index in range(3):
            alone = network(type(inputs)(*(plane[index : index + 1] for plane in inputs[:5])))
            span = float(alone.max() - alone.min())
            torch.testing.assert_close(together[index : index + 1], alone, atol=1e-5 * span, rtol=0)


def test_the_output_is_added_to_the_inverse():
    network = NAFNet(2, 2, 4, [1], 1, [1])
    torch.nn.init.zeros_(network.last.weight)
    torch.nn.init.zeros_(network.last.bias)
    inputs = network_input(8, 8)
    assert torch.equal(network(inputs), inputs.inverse)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("kernel_size", [1, 5])
def test_the_radius_is_true_for_every_choice(activation, kernel_size):
    choices = {"activation": activation, "kernel_size": kernel_size}
    network = awakened(NAFNet(1, 2, 4, [1, 1], 1, [1, 1], **choices, dropout=0.5))
    radius, stride = network.receptive_radius, network.stride
    size = -(-(2 * radius + 2 * stride) // stride) * stride
    reaches = [reach(network, size, size // 2 // stride * stride + phase) for phase in range(stride)]
    # A rectifier may shut the path of the farthest pixel; none may be longer.
    assert max(reaches) <= radius
    assert max(reaches) == radius or activation == "relu"


@pytest.mark.parametrize("patch_size", [2, 3])
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_the_radius_is_true_for_every_patch_size(shape, patch_size):
    encoder, middle, decoder = shape
    network = awakened(NAFNet(1, 2, 4, encoder, middle, decoder, patch_size=patch_size))
    radius, stride = network.receptive_radius, network.stride
    assert stride == patch_size * 2 ** len(encoder)
    size = -(-(2 * radius + 2 * stride) // stride) * stride
    reaches = [reach(network, size, size // 2 // stride * stride + phase) for phase in range(stride)]
    assert max(reaches) == radius


def test_dropout_is_for_training_alone():
    network, inputs = awakened(NAFNet(1, 2, 4, [1], 1, [1], dropout=0.5)), network_input(8, 8, bands=1)
    with torch.no_grad():
        assert torch.equal(network(inputs), network(inputs))
        network.train()
        assert not torch.equal(network(inputs), network(inputs))
