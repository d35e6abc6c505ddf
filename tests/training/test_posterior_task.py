import math

import pytest
import torch
from made_task import made_task, run
from torch import nn

from pipeline.training.losses import absolute_error, deviation
from pipeline.training.posterior_task import PosteriorTask, expected_gain, gain_of_mean


def test_draws_from_the_true_posterior_gain_what_is_expected():
    # Truth and draws alike scatter about a mean that nobody knows better.
    random = torch.Generator().manual_seed(0)
    truth = torch.randn(4, 3, 64, 64, generator=random)
    for count in (2, 8, 32):
        draws = torch.randn(count, 4, 3, 64, 64, generator=random)
        gain = gain_of_mean(draws, truth, torch.ones_like(truth)).item()
        assert gain == pytest.approx(expected_gain(count), abs=0.05)
    assert expected_gain(32) == pytest.approx(2.88, abs=0.01)


def test_draws_that_are_all_alike_gain_nothing():
    draws = torch.zeros(8, 2, 1, 8, 8)
    assert gain_of_mean(draws, torch.ones(2, 1, 8, 8), torch.ones(2, 1, 8, 8)).item() == pytest.approx(0)


def test_the_objective_has_its_minimum_at_the_posterior():
    """One number per scene, whose posterior is normal: the task's objective finds its mean and its width."""
    random = torch.Generator().manual_seed(1)
    mean, width = nn.Parameter(torch.tensor(0.0)), nn.Parameter(torch.tensor(0.05))
    optimiser, weight = torch.optim.Adam([mean, width], 0.02), math.sqrt(2 / (math.pi * 2 * 3))
    for _ in range(600):
        truth = 2 + 0.5 * torch.randn(1, 1, 64, 64, generator=random)
        draws = mean + width * torch.randn(2, 1, 1, 64, 64, generator=random)
        every = torch.ones_like(truth)
        loss = absolute_error(draws.mean(0), truth, every) - weight * deviation(draws, every)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert mean.item() == pytest.approx(2, abs=0.05)
    assert abs(width.item()) == pytest.approx(0.5, abs=0.05)


def test_the_third_stage_tells_what_a_mean_of_draws_gains(source, tmp_path):
    task = made_task(PosteriorTask, source, deviation_rate=0.5)
    _, history = run(task, tmp_path)
    for row in history:
        assert row["expected_gain_of_8"] == pytest.approx(2.5, abs=0.01)
        assert 0 <= row["gain_of_8"] < 9.1
        assert row["mean_psnr"] == pytest.approx(row["validation_psnr"], abs=9.1)
    # Draws that hardly differ yet are rewarded more for it with every step.
    weights = [row["generator_deviation_weight"] for row in history]
    assert weights == sorted(weights)
    assert weights[-1] > weights[0] > 0
