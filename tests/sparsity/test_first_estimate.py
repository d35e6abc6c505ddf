"""Where a network of a scanner goes on from."""

import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.networks.preparation import Preparation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.psf import draw_psf
from pipeline.physics.scanners import scanner_for
from pipeline.physics.scene_spectrum import SceneSpectrum
from pipeline.sparsity.first_estimate import FirstEstimate
from pipeline.stretch import Stretch

BOTH = pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
STRETCH = Stretch("linear", (100.0,), (500.0,))
FIRST = FirstEstimate(5, 0.3)


def scanned(degrade, seed=0):
    """The scanner of the last condition, the truth, its data and their noise."""
    scan, truth = scanned_study(degrade).degrade.scan, slice_of(seed)
    operator = scanner_for(scan, truth).of(scan.one_by_one()[-1], 0)
    scene = torch.from_numpy(truth.pixels)[None]
    data = operator.noise.draw(operator.forward(scene), [addressed_generator("scanned", seed)])
    return operator, scene, data, operator.noise.told_sigma(data)


def error(scene, truth):
    return float((scene - truth).square().mean().sqrt())


@BOTH
def test_it_is_far_nearer_to_the_truth_than_a_filter(degrade):
    operator, scene, data, sigma = scanned(degrade)
    filtered = operator.regularised_inverse(data, torch.tensor([1e-3]))
    found = FIRST(operator, data, sigma)
    assert error(found, scene) < 0.6 * min(error(filtered, scene), error(operator.preview(data), scene))


@BOTH
def test_a_slice_of_a_batch_is_what_it_is_alone(degrade):
    operator, _, data, sigma = scanned(degrade)
    other = scanned(degrade, seed=1)
    both = FIRST(operator.joined([other[0]]), torch.cat([data, 3 * data]), torch.cat([sigma, 3 * sigma]))
    alone = FIRST(operator, data, sigma)
    torch.testing.assert_close(both[:1], alone, atol=0.5, rtol=0)


@BOTH
def test_data_without_noise_have_one_too(degrade):
    operator, scene, _, sigma = scanned(degrade)
    found = FIRST(operator, operator.forward(scene), torch.zeros_like(sigma))
    assert found.isfinite().all()
    assert FIRST(operator, torch.zeros_like(sigma), torch.zeros_like(sigma)).isfinite().all()


def preparation(operator, first):
    return Preparation(STRETCH, (1e5,), SceneSpectrum.falling(1), tuple(operator.descriptor()), first)


def prepared(operator, data, sigma, mask, first):
    by = preparation(operator, first)
    level = sigma.flatten(2).contiguous().median(-1).values
    return by(data, mask, sigma, level, operator, by.described(operator)[None])


@BOTH
def test_a_network_of_a_scanner_is_given_it_as_its_inverse(degrade):
    operator, scene, data, sigma = scanned(degrade)
    sigma, mask = sigma.expand_as(data), torch.zeros_like(scene, dtype=torch.bool)
    inputs, without = (prepared(operator, data, sigma, mask, first) for first in (FirstEstimate(4, 0.5), None))
    wanted = STRETCH.apply(FirstEstimate(4, 0.5)(operator, data, sigma))
    torch.testing.assert_close(inputs.inverse, wanted)
    assert (without.inverse - wanted).abs().amax() > 0.1
    assert torch.equal(inputs.preview, without.preview)


def test_a_network_of_a_blur_is_given_the_filter_in_any_case():
    operator = Blur(draw_psf("gaussian", 3.0)[None].contiguous(), GaussianNoise((0.05,)))
    data, mask = torch.rand(1, 1, 64, 64), torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    one, other = (prepared(operator, data, torch.full_like(data, 0.05), mask, first) for first in (None, FIRST))
    assert torch.equal(one.inverse, other.inverse)


def test_a_model_file_of_before_there_was_a_choice_is_given_the_filter():
    operator = scanned(CT)[0]
    values = preparation(operator, FIRST).to_dict()
    assert Preparation.from_dict(values).first == FIRST
    del values["first"]
    assert Preparation.from_dict(values).first is None
