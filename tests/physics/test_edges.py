import pytest
import torch

from pipeline.physics.edges import rarity


def test_powers_add_up_to_the_variance():
    frequency = torch.fft.fftfreq(256, dtype=torch.float64)
    distance = torch.hypot(frequency[:, None], frequency).flatten()[1:]
    assert float((1 / rarity(distance, 256)).sum() / 256**2) == pytest.approx(1, rel=0.5)


def test_discs_have_such_a_power():
    places = torch.arange(256) - 127.5
    disc = (torch.hypot(places[:, None], places) < 60).double()
    power = torch.fft.fft2(disc).abs().square() / 256**2
    distance = torch.hypot(torch.fft.fftfreq(256)[:, None], torch.fft.fftfreq(256))
    rings = [(distance > low) & (distance < 1.5 * low) for low in (0.02, 0.05, 0.1, 0.2)]
    told = [float((power * rarity(distance, 256))[ring].mean() / disc.var()) for ring in rings]
    assert max(told) < 3 * min(told)
    assert 0.3 < told[1] < 3
