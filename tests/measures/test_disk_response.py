"""What is left of a disk, and of noise, by frequency."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.evaluation.lesions import Disk
from pipeline.measures.disk_response import disk_power, frequencies, response

DISK = 20.0 * Disk(2.0).cover
WIDTH = DISK.shape[-1]


def test_of_the_disk_itself_all_is_left():
    transfer, power = response(DISK[None, None], DISK)
    assert np.allclose(transfer, 1)
    assert np.allclose(power[0], disk_power(DISK))


def test_a_blur_is_told_by_its_own_transfer():
    blurred = gaussian_filter(DISK, 1.0, mode="wrap")
    transfer, _ = response(blurred[None, None], DISK)
    expected = np.exp(-2 * np.square(np.pi * frequencies(WIDTH)))
    # A ring is as wide as a step of frequency.
    assert np.allclose(transfer[0], expected, atol=0.05)


def test_noise_averages_out_of_the_transfer_and_stays_in_the_power():
    noise = np.random.default_rng(0).normal(0, 3, (4000, 1, WIDTH, WIDTH))
    transfer, power = response(DISK + noise, DISK)
    low = slice(0, WIDTH // 4)
    assert np.allclose(transfer.mean(0)[low], 1, atol=0.02)
    assert np.allclose((power - disk_power(DISK)).mean(0)[1:], 9, rtol=0.1)


def test_bands_are_averaged():
    both, _ = response(np.stack([DISK, 0.5 * DISK])[None], DISK)
    assert both[0] == pytest.approx(0.75)
