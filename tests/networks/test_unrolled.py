"""A cascade of networks with the data of a scan between them."""

import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of
from made_spectrum import made_preparation
from made_training import awakened

from pipeline.networks.build import build_network, drawing_network
from pipeline.networks.unrolled import Unrolled
from pipeline.physics.scanners import scanner_for
from pipeline.stretch import Stretch

SETTINGS = {"architecture": "unrolled", "rounds": 2, "width": 4, "posterior": {"noise_planes": 2}}


def seen(degrade, height=48, width=48, count=1, changed=None):
    """What a network sees of slices; ``changed`` adds to the data."""
    scan = scanned_study(degrade).degrade.scan
    scanner = scanner_for(scan, slice_of(0, height, width))
    operator = scanner.of(scan.one_by_one()[0], 0)
    truth = torch.stack([torch.from_numpy(slice_of(seed, height, width).pixels) for seed in range(count)])
    data = operator.forward(truth)
    data = data if changed is None else data + changed(data)
    sigma, mask = operator.noise.told_sigma(data), torch.zeros_like(truth, dtype=torch.bool)
    preparation = made_preparation(Stretch("linear", (0.0,), (1000.0,)), (1e5,), scanner.descriptors)
    level, described = sigma.flatten(2).contiguous().median(-1).values, preparation.described(operator)
    return preparation(data, mask, sigma, level, operator, described.expand(count, -1))


def network(inputs, **settings):
    torch.manual_seed(0)
    return build_network(SETTINGS | settings, 1, inputs.descriptor.shape[1])


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
@pytest.mark.parametrize("size", [(48, 48), (45, 50)])
def test_slices_of_every_size_keep_it(degrade, size):
    inputs = seen(degrade, *size)
    assert network(inputs)(inputs).shape == (1, 1, *size)


@pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
def test_every_round_learns(degrade):
    inputs = seen(degrade)
    cascade = network(inputs)
    cascade(inputs).square().mean().backward()
    for one in cascade.rounds:
        assert one.last.weight.grad.abs().max() > 0
        assert one.first.weight.grad.abs().max() > 0


def test_later_rounds_look_at_the_data_themselves():
    inputs = seen(CT)
    other = seen(CT, changed=lambda data: 0.1 * torch.ones_like(data))
    cascade = awakened(network(inputs), size=0.05)
    # All that a single network sees is the same; the data behind it are not.
    assert not torch.allclose(cascade(inputs), cascade(inputs._replace(evidence=other.evidence)), atol=1e-3)
    single = cascade.rounds[0]
    assert torch.equal(single(inputs), single(inputs._replace(evidence=other.evidence)))


def test_a_slice_among_others_is_restored_as_alone():
    both = seen(CT, count=2)
    cascade = awakened(network(both), size=0.05)
    alone = seen(CT, count=1)
    assert torch.allclose(cascade(both)[:1], cascade(alone), atol=1e-3)


def test_with_noise_it_draws_and_without_it_gives_one_answer():
    inputs = seen(MRI)
    plain = network(inputs)
    drawing = drawing_network(plain.state_dict(), SETTINGS, 1, inputs.descriptor.shape[1])
    one, other = (drawing(inputs._replace(noise=torch.randn(1, 2, 48, 48))) for _ in range(2))
    assert not torch.equal(one, other)
    assert torch.allclose(drawing(inputs._replace(noise=torch.zeros(1, 2, 48, 48))), plain(inputs), atol=1e-5)


def test_more_rounds_have_more_weights():
    sizes = [sum(p.numel() for p in Unrolled(1, 3, rounds, width=4).parameters()) for rounds in (2, 4)]
    assert sizes[1] == 2 * sizes[0]
