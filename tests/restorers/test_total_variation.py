from itertools import islice

import numpy as np
import pytest

from pipeline.measures.fidelity import psnr
from pipeline.restorers.total_variation import TotalVariation
from pipeline.restorers.variational import Problem
from pipeline.restorers.whitened import whitened
from pipeline.sparsity.differences import Differences

EDGE = (slice(None), slice(8, -8), slice(8, -8))


def test_a_constant_stays_the_constant(look):
    scene = np.full((2, 48, 60), 3.0, np.float32)
    observation = look(scene, sigma=0.0)
    np.testing.assert_allclose(TotalVariation({"weight": 0.3}).restore(observation).pixels, scene, atol=1e-4)


def test_a_heavy_weight_leaves_the_mean(truth, look):
    observation = look(truth)
    restored = TotalVariation({"weight": 1e3}).restore(observation).pixels
    np.testing.assert_allclose(restored.mean((-2, -1)), observation.preview.pixels.mean((-2, -1)), atol=5e-3)
    assert restored.std((-2, -1)).max() < 0.1 * observation.preview.pixels.std((-2, -1)).min()


def test_the_objective_falls_to_its_minimum(truth, look):
    problem = Problem(whitened(look(truth)), 0.3, Differences())
    values = [problem.objective(scene) for scene in islice(problem.iterates(), 400)]
    for early, late in ((0, 3), (3, 10), (10, 40), (40, 150), (150, 399)):
        assert values[late] < values[early]
    assert values[40] < 1.003 * values[399]


def test_the_estimate_stands_still_when_iterations_end(truth, look):
    observation = look(truth)
    *_, last = islice(Problem(whitened(observation), 0.3, Differences()).iterates(), 400)
    height, width = truth.shape[-2:]
    converged = 0.05 * last[:, :height, :width].numpy()
    restored = TotalVariation({"weight": 0.3}).restore(observation).pixels
    assert psnr(restored[EDGE], truth[EDGE], 1.0) == pytest.approx(psnr(converged[EDGE], truth[EDGE], 1.0), abs=0.01)


def test_a_flat_square_keeps_its_edges_and_loses_its_noise(look):
    scene = np.zeros((1, 72, 72), np.float32)
    scene[0, 24:48, 24:48] = 1
    observation = look(scene)
    restored = TotalVariation({"weight": 0.5}).restore(observation).pixels
    assert restored[0, 30:42, 30:42].std() < 0.02
    before, after = (np.diff(p[0, 30:42, 23:25]).mean() for p in (observation.preview.pixels, restored))
    assert after > 1.5 * before


def test_a_mirrored_observation_gives_the_mirrored_scene(truth, look):
    observation = look(truth)
    mirrored = type(observation)(
        observation.preview.with_pixels(observation.preview.pixels[:, ::-1, ::-1].copy()), observation.operator
    )
    once, again = (TotalVariation({"weight": 0.3}).restore(o).pixels for o in (observation, mirrored))
    np.testing.assert_allclose(again[:, ::-1, ::-1][EDGE], once[EDGE], atol=5e-3)


def test_holes_are_bridged(truth, look):
    mask = np.zeros(truth.shape, bool)
    # Several: on one alone, the noise of what happens to lie beside it decides.
    holes = [row for start in (20, 60, 100) for row in range(start, start + 3)]
    mask[:, holes, :] = True
    observation = look(truth, mask=mask)
    restored = TotalVariation({"weight": 0.3}).restore(observation).pixels
    rows = (slice(None), holes, slice(8, -8))
    assert psnr(restored[rows], truth[rows], 1.0) > psnr(observation.preview.pixels[rows], truth[rows], 1.0) + 1
