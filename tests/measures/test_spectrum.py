import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measures.spectrum import cutoff_frequency, log_spectrum_error, power_spectrum
from pipeline.physics.psf import draw_psf


def white(seed=0, shape=(2, 64, 80)):
    return np.random.default_rng(seed).normal(size=shape)


def test_white_noise_has_its_variance_at_every_frequency():
    spectrum = power_spectrum(3.0 * white(shape=(1, 256, 256)))
    assert spectrum.power.mean() == pytest.approx(9.0, rel=0.05)
    assert spectrum.power[0, 20:60].mean() == pytest.approx(spectrum.power[0, 80:128].mean(), rel=0.1)


def test_a_wave_stands_at_its_own_frequency():
    x = np.arange(128)
    wave = np.broadcast_to(np.sin(2 * np.pi * 0.25 * x), (1, 128, 128))
    spectrum = power_spectrum(wave)
    assert spectrum.frequency[spectrum.power[0].argmax()] == pytest.approx(0.25, abs=1 / 128)


def test_frequencies_run_up_to_nyquist_and_leave_out_the_mean():
    spectrum = power_spectrum(white() + 1000)
    assert spectrum.frequency[0] == pytest.approx(1 / 64)
    assert spectrum.frequency[-1] == 0.5
    np.testing.assert_allclose(spectrum.power, power_spectrum(white()).power, rtol=1e-6)


def test_ten_times_the_amplitude_is_two_dex_too_much_and_a_tenth_two_too_little():
    assert log_spectrum_error(10 * white(), white(), 0.2) == pytest.approx(2.0)
    assert log_spectrum_error(0.1 * white(), white(), 0.2) == pytest.approx(2.0)
    assert log_spectrum_error(white(), white(), 0.2) == 0.0


def test_only_what_lies_beyond_the_cut_off_counts():
    x = np.arange(96)
    slow = 50 * np.sin(2 * np.pi * 8 / 96 * x)
    assert log_spectrum_error(white(shape=(1, 96, 96)) + slow, white(shape=(1, 96, 96)), 0.2) < 0.01
    assert log_spectrum_error(white(shape=(1, 96, 96)) + slow, white(shape=(1, 96, 96)), 0.02) > 0.3


def test_an_image_without_any_detail_has_a_finite_error():
    assert log_spectrum_error(np.zeros((2, 64, 80)), white(), 0.2) == pytest.approx(12.0)


def test_there_is_no_error_where_nothing_can_be_compared():
    assert math.isnan(log_spectrum_error(white(), white(), 0.51))
    assert math.isnan(log_spectrum_error(white(), np.zeros((2, 64, 80)), 0.2))
    assert math.isnan(log_spectrum_error(white(shape=(2, 7, 80)), white(shape=(2, 7, 80)), 0.2))


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1e-4, 1e4), offset=st.floats(-100, 100))
def test_the_error_knows_no_unit_and_no_zero_point(factor, offset):
    restored = white() + 0.5 * white(1)
    expected = log_spectrum_error(restored, white(), 0.2)
    assert log_spectrum_error(factor * (restored + offset), factor * white(), 0.2) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("fwhm", [2.5, 3.0, 4.0, 6.0])
def test_a_gaussian_is_cut_off_where_theory_says(fwhm):
    # exp(-2 pi^2 sigma^2 f^2) = 0.1
    sigma = fwhm / 2.354820
    expected = math.sqrt(math.log(10) / 2) / (math.pi * sigma)
    assert cutoff_frequency(draw_psf("gaussian", fwhm)) == pytest.approx(expected, rel=0.03)


def test_the_sharpest_band_sets_the_cut_off():
    sharp, wide = draw_psf("gaussian", 3.0), draw_psf("gaussian", 6.0)
    margin = (wide.shape[-1] - sharp.shape[-1]) // 2
    both = torch.stack([torch.nn.functional.pad(sharp, [margin] * 4), wide])
    assert cutoff_frequency(both) == pytest.approx(cutoff_frequency(sharp), abs=1e-3)


def test_a_point_passes_everything():
    point = np.zeros((1, 5, 5))
    point[0, 2, 2] = 1
    assert cutoff_frequency(point) == 0.5
