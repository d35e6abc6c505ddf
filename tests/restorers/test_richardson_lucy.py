from itertools import islice

import numpy as np
import pytest
import torch

from pipeline.restorers.richardson_lucy import RichardsonLucy
from pipeline.restorers.stopped import Likelihood, pedestal
from pipeline.restorers.whitened import whitened


@pytest.fixture
def seen(truth, look):
    mask = np.zeros(truth.shape, bool)
    mask[:, 50:60, 50:52] = True
    return whitened(look(truth, mask=mask))


def test_every_iterate_is_positive_and_keeps_the_flux(seen):
    raised = pedestal(seen, 0.6)
    data = (seen.data + raised).clamp_min(0)
    total = (seen.weight * data).sum((-2, -1))
    for scene in islice(RichardsonLucy({}).iterates(Likelihood(seen, raised)), 10):
        assert scene.min() >= 0
        predicted = (seen.weight * seen.operator.forward(scene)[0]).sum((-2, -1))
        torch.testing.assert_close(predicted, total, rtol=1e-3, atol=0)


def test_the_likelihood_never_falls(seen):
    raised = pedestal(seen, 0.6)
    data = (seen.data + raised).clamp_min(0).double()
    likelihoods = []
    for scene in islice(RichardsonLucy({}).iterates(Likelihood(seen, raised)), 40):
        predicted = seen.operator.forward(scene)[0].double().clamp_min(1e-9)
        likelihoods.append(float((seen.weight * (data * predicted.log() - predicted)).sum()))
    assert np.all(np.diff(likelihoods) > -1e-6 * abs(likelihoods[0]))
    assert likelihoods[-1] > likelihoods[0]


def test_the_path_holds_what_each_number_of_iterations_gives(truth, look):
    observation = look(truth)
    path = list(islice(RichardsonLucy({"pedestal": 0.6}).path(observation), 7))
    assert [settings["iterations"] for settings, _ in path] == [1, 2, 3, 4, 5, 6, 7]
    for settings, image in path[::3]:
        np.testing.assert_array_equal(RichardsonLucy(settings).restore(observation).pixels, image.pixels)


def test_the_sky_lies_as_many_sigmas_above_zero_as_the_pedestal_says(look):
    seen = whitened(look(np.full((1, 80, 80), 7.0, np.float32)))
    raised = seen.data + pedestal(seen, 3.0)
    assert raised.median() == pytest.approx(3.0, abs=0.1)


def test_an_exact_observation_of_a_point_becomes_sharper(look):
    scene = np.zeros((1, 65, 65), np.float32)
    scene[0, 32, 32] = 100
    observation = look(scene, sigma=1e-3)
    restored = RichardsonLucy({"pedestal": 1.0, "iterations": 60}).restore(observation).pixels
    assert restored[0, 32, 32] > 4 * observation.preview.pixels[0, 32, 32]
    assert np.unravel_index(restored.argmax(), restored.shape) == (0, 32, 32)
