"""How a network sees a scan: from the first estimate of a slice."""

import pytest
import torch
from made_slices import CT, MRI, measured

from pipeline.networks.preparation import Preparation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.physics.scene_spectrum import SceneSpectrum
from pipeline.sparsity.first_estimate import FirstEstimate
from pipeline.stretch import Stretch

BOTH = pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
STRETCH = Stretch("linear", (100.0,), (500.0,))
FIRST = FirstEstimate(5, 0.3)


def preparation(operator, first):
    return Preparation(STRETCH, (1e5,), SceneSpectrum.falling(1), tuple(operator.descriptor()), first)


def prepared(operator, data, sigma, mask, first):
    by = preparation(operator, first)
    level = sigma.flatten(2).contiguous().median(-1).values
    return by(data, mask, sigma, level, operator, by.described(operator)[None])


@BOTH
def test_a_network_of_a_scanner_is_given_it_as_its_inverse(degrade):
    operator, scene, data, sigma = measured(degrade)
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
    operator = measured(CT)[0]
    values = preparation(operator, FIRST).to_dict()
    assert Preparation.from_dict(values).first == FIRST
    del values["first"]
    assert Preparation.from_dict(values).first is None
