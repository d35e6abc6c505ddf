"""Observations restored side by side, and one by one."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from benchmarks.richardson_lucy import IMAGES, blurred, by_skimage_all, in_batches
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers import CLASSICAL, batches, classical

METHODS = ["richardson_lucy", "richardson_lucy_tv", "scaled_gradient_projection", "blind_richardson_lucy"]
METHODS += ["total_variation", "starlet", "wiener"]


@pytest.fixture
def observations(truth, look):
    """Of two sizes, two PSFs of one reach and one of another, one of them with a hole, in turns."""
    large, small = truth[:, :96, :100], np.ascontiguousarray(truth[:, 30:110, 50:130])
    mask = np.zeros(large.shape, bool)
    mask[:, 40:44, 20:40] = True
    every = [look(large), look(small), look(large[:, ::-1].copy(), mask=mask), look(large, fwhm=5.0), look(small * 0.5)]
    psf = every[0].operator.psf.mT.clone()
    psf[:, 2:-2, 2:-2] += 1e-3
    other = Blur(psf / psf.sum((-2, -1), keepdim=True), GaussianNoise((0.05,) * 3))
    return [*every, replace(every[0], operator=other)]


@pytest.mark.parametrize("most", [1, 2**25])
@pytest.mark.parametrize("method", METHODS)
def test_a_batch_gives_what_each_alone_gives(method, most, observations, settings, monkeypatch):
    monkeypatch.setattr(batches, "LARGEST_ON_CPU", most)
    restorer = classical(method, settings[method])
    for observation, image in zip(observations, restorer.restore_all(observations), strict=True):
        np.testing.assert_allclose(image.pixels, restorer.restore(observation).pixels, atol=2e-4)
        assert image.shape == observation.preview.shape


@pytest.mark.parametrize("method", METHODS[:3])
def test_paths_lie_side_by_side(method, observations, settings, monkeypatch):
    monkeypatch.setattr(batches, "LARGEST_ON_CPU", 2**25)
    restorer = CLASSICAL[method](settings[method])
    alone = [list(islice(restorer.path(observation), 4)) for observation in observations]
    for number, (made, images) in enumerate(islice(restorer.paths(observations), 4)):
        for path, image in zip(alone, images, strict=True):
            assert path[number][0] == made
            np.testing.assert_allclose(image.pixels, path[number][1].pixels, atol=2e-4)


def test_every_observation_is_in_one_batch_of_its_kind(observations, monkeypatch):
    monkeypatch.setattr(batches, "LARGEST_ON_CPU", 2 * observations[0].preview.pixels.size)
    found = batches.batches(observations)
    assert sorted(number for numbers in found for number in numbers) == list(range(len(observations)))
    assert [0, 2] in found
    assert [3] in found


@pytest.mark.parametrize("fwhm", [2.0, 6.0])
def test_richardson_lucy_is_that_of_scikit_image(fwhm):
    psf = draw_psf("gaussian", fwhm)
    images = blurred(IMAGES // 16, psf, np.random.default_rng(1))
    known = by_skimage_all(images.astype(np.float64), psf.double().numpy())
    assert np.abs(in_batches(images, psf) - known).max() < 1e-5 * known.max()
