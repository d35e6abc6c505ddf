import pytest
import torch

from pipeline.physics.filtered_back_projection import WINDOWS, filtered, spread_of_filtered
from pipeline.physics.noise import addressed_generator


@pytest.mark.parametrize("bins", [1, 2, 15, 183, 366, 546, 728, 731])
def test_a_point_becomes_the_kernel_of_kak_and_slaney(bins):
    point = torch.zeros(1, bins, dtype=torch.float64)
    point[0, bins // 2] = 1
    away = (torch.arange(bins) - bins // 2).double()
    kernel = torch.where(away.remainder(2) == 1, -1 / (torch.pi * away).square(), 0.0)
    kernel[bins // 2] = 0.25
    torch.testing.assert_close(filtered(point)[0], kernel, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("name", "nyquist"), [("ramp", 1.0), ("shepp_logan", 2 / torch.pi), ("hann", 0.0)])
def test_windows_keep_low_frequencies_and_lower_the_highest_as_they_say(name, nyquist):
    ends = WINDOWS[name](torch.tensor([0.0, 0.5]))
    torch.testing.assert_close(ends, torch.tensor([1.0, nyquist]))


def test_the_sharper_the_window_the_more_noise():
    noise = torch.randn(200, 256, generator=addressed_generator("windows"))
    spreads = [float(filtered(noise, WINDOWS[name]).std()) for name in ("hann", "shepp_logan", "ramp")]
    assert spreads == sorted(spreads)


@pytest.mark.parametrize("bins", [256, 728])
def test_white_noise_spreads_as_its_spectrum_says(bins):
    # The mean of k^2 (0.668 + 0.331 cos 2 pi k) over frequencies, 1 / 12 without the shadow of a pixel.
    frequency = (torch.arange(20000) + 0.5) / 40000
    expected = (frequency.square() * (0.6684 + 0.3312 * torch.cos(2 * torch.pi * frequency))).mean().sqrt()
    told = spread_of_filtered(torch.ones(1, bins))[0, bins // 2]
    assert float(told) == pytest.approx(float(expected), rel=1e-3)
