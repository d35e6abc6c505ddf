from itertools import islice

import numpy as np
import pytest
import torch

from pipeline.restorers.starlet import SCALES, Starlet, Starlets, _filters
from pipeline.restorers.variational import Problem
from pipeline.restorers.whitened import whitened

PASSED = (0.891, 0.201, 0.0857, 0.0413, 0.0205)
"""Noise at each scale of white noise of one (Starck and Murtagh 2006, "Astronomical image and data analysis")."""


def test_white_noise_passes_each_scale_as_published():
    # Each scale is multiplied by the noise that it passes, which so stands there squared.
    noise = torch.fft.irfft2(_filters((256, 256)), s=(256, 256)).square().sum((-2, -1)).sqrt()
    assert noise.sqrt().tolist() == pytest.approx(PASSED, rel=0.02)


def test_the_scales_and_the_smooth_rest_are_the_whole():
    random = torch.Generator().manual_seed(0)
    scene = torch.randn(1, 64, 80, generator=random)
    scales = Starlets().of(scene) / torch.tensor(PASSED)[:, None, None, None]
    rest = scene - scales.sum(0)
    # What is left is smooth over twice the largest scale.
    assert rest.std() < 0.05 * scene.std()


def test_a_heavy_weight_leaves_no_detail(truth, look):
    restored = Starlet({"weight": 1e4}).restore(look(truth)).pixels
    made = Starlets().of(torch.from_numpy(restored))
    assert made.abs().amax() < 0.05 * Starlets().of(torch.from_numpy(truth)).abs().amax()


def test_the_objective_falls_to_its_minimum(truth, look):
    problem = Problem(whitened(look(truth)), 0.8, Starlets())
    values = [problem.objective(scene) for scene in islice(problem.iterates(), 300)]
    for early, late in ((0, 3), (3, 10), (10, 40), (40, 150), (150, 299)):
        assert values[late] < values[early]
    assert values[100] < 1.003 * values[299]


def test_a_faint_round_source_stays_and_the_noise_about_it_goes(look):
    y, x = np.mgrid[:96, :96] - 48
    scene = np.exp(-(y**2 + x**2) / (2 * 4.0**2))[None].astype(np.float32) * 0.2
    observation = look(scene)
    restored = Starlet({"weight": 1.5}).restore(observation).pixels
    assert restored[0, 44:53, 44:53].mean() == pytest.approx(scene[0, 44:53, 44:53].mean(), rel=0.25)
    assert restored[0, :24, :24].std() < 0.2 * observation.preview.pixels[0, :24, :24].std()
    assert len(Starlets().of(torch.from_numpy(restored))) == SCALES
