"""Plug and play with denoisers whose answers are known."""

from itertools import islice

import numpy as np
import pytest
import torch
from made_denoiser import make_denoiser

from pipeline.physics.unblurred import unblurred
from pipeline.restorers.plug_and_play import FALL, FIRST, Fit, PlugAndPlay
from pipeline.restorers.restorer import Restorer
from pipeline.restorers.tuning import Trial, tune
from pipeline.restorers.whitened import whitened
from pipeline.tiling import Window

SPREAD = 3.0
"""Of the scenes that the Gaussian denoiser expects, about 0, in sigmas of the noise."""


class Gaussian(Restorer):
    """The best denoiser of white scenes: it shrinks them by ``1 / (1 + s^2 / t^2)``, as Tikhonov's penalty does."""

    def __init__(self, spread):
        self.spread = spread

    def restore(self, observation):
        preview = observation.preview
        return preview.with_pixels(preview.pixels / (1 + (preview.sigma / self.spread) ** 2))


class Keeper(Restorer):
    """Takes all that it is shown for scene."""

    def restore(self, observation):
        return observation.preview


@pytest.fixture
def small(truth, look):
    """An observation of few pixels with a hole, and its instrument as a matrix."""
    mask = np.zeros((1, 14, 18), bool)
    mask[0, 4:6, 7:9] = True
    observation = look(truth[:1, 40:54, 60:78], fwhm=2.0, mask=mask)
    pixels = torch.eye(14 * 18).reshape(-1, 1, 14, 18)
    matrix = observation.operator.forward(pixels).reshape(14 * 18, -1).T.double()
    return observation, whitened(observation), matrix


def test_the_scene_that_fits_solves_the_normal_equations(small):
    _, seen, matrix = small
    near, weight = torch.randn(1, 14, 18, generator=torch.Generator().manual_seed(0)), seen.weight.flatten().double()
    for tie in (0.02, 1.0):
        wanted = matrix.T @ (weight * seen.data.flatten()) + tie * near.flatten().double()
        known = torch.linalg.solve(matrix.T @ (weight[:, None] * matrix) + tie * torch.eye(len(matrix)), wanted)
        found = Fit(seen).scene(near, tie, steps=40).flatten().double()
        torch.testing.assert_close(found, known, atol=2e-3, rtol=1e-3)


def test_with_tikhonovs_denoiser_every_turn_is_the_closed_form(small, monkeypatch):
    observation, seen, matrix = small
    monkeypatch.setattr("pipeline.restorers.plug_and_play.STEPS", 40)
    level, weight, strength = float(seen.level), seen.weight.flatten().double(), 0.4
    turns = PlugAndPlay({"strength": strength}, Gaussian(SPREAD * level)).path(observation)
    scene, told = seen.data.flatten().double(), FIRST
    for _, image in islice(turns, 5):
        tie = strength / told**2
        wanted = matrix.T @ (weight * seen.data.flatten()) + tie * scene
        sharp = torch.linalg.solve(matrix.T @ (weight[:, None] * matrix) + tie * torch.eye(len(matrix)), wanted)
        scene, told = sharp / (1 + (told / SPREAD) ** 2), told * FALL
        np.testing.assert_allclose(image.pixels.ravel() / level, scene, atol=5e-3)


def test_a_denoiser_that_keeps_everything_leaves_deconvolution_alone(look):
    # Without noise the data are explained ever better, and a point becomes a point again.
    scene = np.zeros((1, 48, 48), np.float32)
    scene[0, 24, 24] = 100
    observation = look(scene, sigma=1e-3)
    *_, (_, image) = islice(PlugAndPlay({"strength": 0.01}, Keeper()).path(observation), 12)
    assert image.pixels[0, 24, 24] > 3 * observation.preview.pixels[0, 24, 24]


def test_the_path_holds_what_each_number_of_turns_gives(truth, look, tmp_path):
    chosen = {"strength": 0.3, "denoiser": str(make_denoiser(tmp_path / "d.safetensors"))}
    path = list(islice(PlugAndPlay(chosen).path(look(truth)), 4))
    assert [made["iterations"] for made, _ in path] == [1, 2, 3, 4]
    np.testing.assert_array_equal(PlugAndPlay(path[2][0]).restore(look(truth)).pixels, path[2][1].pixels)


def test_strength_and_turns_are_found_on_trials(truth, look):
    core = Window(8, 8, 112, 144)
    trial = Trial(look(truth), truth[(..., *core.slices)], core, np.zeros((3, 112, 144), bool))

    class Told(PlugAndPlay):
        def __init__(self, settings):
            super().__init__(settings, Gaussian(0.1))

    found = tune(Told, [trial], {}, 1.0)
    assert set(found.settings) == {"strength", "iterations"}
    assert found.tried > 10


def test_an_instrument_that_does_not_blur_leaves_the_scene(truth):
    scene = torch.from_numpy(truth)[None]
    instrument = unblurred(3)
    torch.testing.assert_close(instrument.forward(scene), scene, atol=1e-5, rtol=0)
    torch.testing.assert_close(instrument.adjoint(scene), scene, atol=1e-5, rtol=0)
    assert instrument.halo == 0
    assert instrument.descriptor() == {}
