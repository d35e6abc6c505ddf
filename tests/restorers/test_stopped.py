"""What the restorers do that are stopped before they fit the noise."""

from itertools import islice

import numpy as np
import pytest
import torch

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers import CLASSICAL
from pipeline.restorers.blind_richardson_lucy import BlindRichardsonLucy, _likelier_psf
from pipeline.restorers.richardson_lucy import RichardsonLucy
from pipeline.restorers.richardson_lucy_tv import RichardsonLucyTV
from pipeline.restorers.scaled_gradient_projection import ScaledGradientProjection
from pipeline.restorers.stopped import Likelihood, Stopped, pedestal
from pipeline.restorers.whitened import whitened
from pipeline.sparsity.differences import Differences

METHODS = [name for name, method in CLASSICAL.items() if issubclass(method, Stopped)]


@pytest.fixture
def likelihood(truth, look):
    mask = np.zeros(truth.shape, bool)
    mask[:, 50:60, 50:52] = True
    seen = whitened(look(truth, mask=mask))
    return Likelihood(seen, pedestal(seen, 0.6))


def iterates(method, likelihood, count, **settings):
    return list(islice(method(settings).iterates(likelihood), count))


def divergences(likelihood, scenes):
    return np.array([float(likelihood.divergence(likelihood.operator.forward(scene))) for scene in scenes])


@pytest.mark.parametrize("method", METHODS)
def test_every_iterate_is_positive(method, likelihood):
    for scene in iterates(CLASSICAL[method], likelihood, 10, weight=0.02):
        assert scene.min() >= 0


@pytest.mark.parametrize("method", METHODS)
def test_the_path_holds_what_each_number_of_iterations_gives(method, truth, look, settings):
    observation, chosen = look(truth), settings[method]
    path = list(islice(CLASSICAL[method](chosen).path(observation), 5))
    assert [made["iterations"] for made, _ in path] == [1, 2, 3, 4, 5]
    for made, image in path[::2]:
        np.testing.assert_array_equal(CLASSICAL[method](made).restore(observation).pixels, image.pixels)


def test_the_divergence_has_the_slope_that_its_gradient_says(likelihood):
    scene = iterates(RichardsonLucy, likelihood, 2)[-1]
    step = torch.randn(scene.shape, generator=torch.Generator().manual_seed(0)) * 0.01
    (below, above) = divergences(likelihood, [scene - step, scene + step])
    slope = (likelihood.gradient(likelihood.operator.forward(scene)) * step).sum()
    assert (above - below) / 2 == pytest.approx(float(slope), rel=0.02)


def test_the_first_projected_step_is_richardson_and_lucys(likelihood):
    (once,), (other,) = (iterates(method, likelihood, 1) for method in (RichardsonLucy, ScaledGradientProjection))
    torch.testing.assert_close(other, once, rtol=1e-4, atol=1e-4)


def test_projected_steps_climb_as_far_in_a_third_of_the_iterations(likelihood):
    slow = divergences(likelihood, iterates(RichardsonLucy, likelihood, 60))
    fast = divergences(likelihood, iterates(ScaledGradientProjection, likelihood, 20))
    assert (np.diff(fast) <= 1e-7 * abs(fast[0])).all()
    assert fast[-1] < slow[-1]


def test_without_a_weight_total_variation_changes_nothing_and_with_one_it_flattens(likelihood):
    plain = iterates(RichardsonLucy, likelihood, 20)[-1]
    none, some = (iterates(RichardsonLucyTV, likelihood, 20, weight=w)[-1] for w in (0.0, 0.05))
    torch.testing.assert_close(none, plain)
    variation = [Differences().length(Differences().of(scene[0])).sum() for scene in (plain, some)]
    assert variation[1] < 0.8 * variation[0]
    assert some.mean() == pytest.approx(float(plain.mean()), rel=0.05)


def test_a_psf_becomes_likelier_as_its_slope_says(likelihood):
    scene = iterates(RichardsonLucy, likelihood, 3)[-1]
    narrow = draw_psf("gaussian", 2.0).expand(3, -1, -1)
    variable = narrow.clone().requires_grad_()
    predicted = Blur(variable, GaussianNoise((0.0,) * 3)).forward(scene)
    weight, data = likelihood.weight, likelihood.data
    (weight * data * predicted.clamp_min(1e-6).log()).sum().backward()
    reach = torch.autograd.functional.vjp(
        lambda k: Blur(k, GaussianNoise((0.0,) * 3)).forward(scene), narrow.clone(), weight.expand_as(data)
    )[1]
    wanted = narrow * variable.grad / reach
    wanted /= wanted.sum((-2, -1), keepdim=True)
    torch.testing.assert_close(_likelier_psf(narrow, scene, likelihood), wanted, atol=1e-4, rtol=1e-2)


def test_scene_and_psf_together_become_likelier_at_every_step(likelihood):
    scene, values = likelihood.start, []
    psf = likelihood.operator.psf
    for _ in range(10):
        psf = _likelier_psf(psf, scene, likelihood)
        through = likelihood.through(Blur(psf, GaussianNoise((0.0,) * 3)))
        scene = through.likelier(scene)
        values.append(float(through.divergence(through.operator.forward(scene))))
        torch.testing.assert_close(psf.sum((-2, -1)), torch.ones(3), atol=1e-5, rtol=0)
    assert (np.diff(values) < 0).all()
    torch.testing.assert_close(scene, iterates(BlindRichardsonLucy, likelihood, 10)[-1])
