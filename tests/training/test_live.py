import pytest
import torch
from made_clock import Clock

from pipeline.training import live as module
from pipeline.training.live import Live


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_crops_per_second_leave_out_the_looks_at_the_tune_role(clock):
    live = Live(["generator"])
    for _ in range(5):
        clock.now += 0.5
        live.step({"generator_total": torch.tensor(0.25)}, 16)
        clock.now += 7
        live.looked({"validation_psnr": 29.547})
    assert live() == "32 crops/s, 29.55 dB, loss 0.25"


def test_losses_are_smoothed_and_called_by_their_players_where_there_are_two(clock):
    live = Live(["discriminator", "generator"])
    for value in (1.0, 0.0):
        clock.now += 1
        live.step({"discriminator_total": torch.tensor(value), "generator_total": torch.tensor(2.0)}, 8)
    assert live() == "8 crops/s, discriminator 0.95, generator 2"


def test_a_training_that_goes_on_knows_its_last_score():
    assert Live(["generator"], 30.0)() == "30.00 dB"
    assert Live(["generator"])() == ""
