import pytest
import torch
from scipy.stats import rice

from pipeline.physics.noise import addressed_generator
from pipeline.physics.rician import rician_mean, rician_sigma, without_rician_bias

SIGNALS = [0.0, 0.5, 1.0, 3.0, 10.0, 1000.0]


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("sigma", [0.5, 4.0])
def test_moments_are_those_of_scipys_rice(signal, sigma):
    a, s = torch.tensor(signal * sigma).double(), torch.tensor(sigma).double()
    law = rice(signal, scale=sigma)
    if signal < 100:  # beyond, scipy's own moments lose their digits
        assert float(rician_mean(a, s)) == pytest.approx(law.mean(), rel=1e-9)
        assert float(rician_sigma(a, s)) == pytest.approx(law.std(), rel=1e-5)
    else:
        assert float(rician_mean(a, s)) == pytest.approx(sigma * (signal + 0.5 / signal), rel=1e-9)
        assert float(rician_sigma(a, s)) == pytest.approx(sigma, rel=1e-3)


def test_without_signal_the_moments_are_rayleighs():
    zero, one = torch.zeros(()), torch.ones(())
    assert float(rician_mean(zero, one)) == pytest.approx((torch.pi / 2) ** 0.5)
    assert float(rician_sigma(zero, one)) == pytest.approx((2 - torch.pi / 2) ** 0.5)


@pytest.mark.parametrize(("signal", "bias"), [(0.0, 1.05), (2.0, 0.06), (3.0, 0.03), (10.0, 0.01)])
def test_the_correction_leaves_as_much_bias_as_it_says(signal, bias):
    parts = torch.randn(2, 400_000, generator=addressed_generator("rice"), dtype=torch.float64)
    magnitude = (parts[0] + signal).hypot(parts[1])
    assert abs(float(without_rician_bias(magnitude, torch.ones(())).mean()) - signal) < bias
