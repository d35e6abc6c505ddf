"""How much detail an image holds at every scale: power spectra, and how far a restored one is from the truth's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

LOWEST_TRANSFER = 0.1
"""Beyond the frequency of which the instrument passes less than this share of the amplitude, detail is inferred."""
LARGEST_DEFICIT = 12.0
"""In dex: less power than this below the truth's is float32's rounding, and counts as this."""


@dataclass(frozen=True)
class Spectrum:
    """Power averaged over rings of frequency.

    Parameters
    ----------
    frequency : array, shape (N,)
        Middle of each ring in cycles/px, above 0 and up to 0.5, one ring per period that fits the shorter side.
    power : array, shape (C, N)
        Mean squared amplitude per px, in the square of the image's unit: white noise has its variance everywhere.
    """

    frequency: NDArray[np.float64]
    power: NDArray[np.float64]


def power_spectrum(image: Array) -> Spectrum:
    """Radially averaged power spectrum of each band.

    The mean is taken off and a Hann window laid over each axis, so that the borders, which do not match, leak no power
    from large scales into small ones (Harris 1978, Proc. IEEE 66, 51); power is divided by the window's mean square.

    Parameters
    ----------
    image : array, shape (C, H, W)
        At least 8 px high and wide, for more than three rings.
    """
    values = np.asarray(image, np.float64)
    height, width = values.shape[-2:]
    window = _hann(height)[:, None] * _hann(width)
    level = (values * window).sum((-2, -1), keepdims=True) / window.sum()
    power = abs(np.fft.fft2((values - level) * window)) ** 2 / (window**2).sum()
    count = min(height, width)
    ring = np.rint(np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) * count).astype(int).ravel()
    # Ring 0 is the mean, which was taken off; the corners beyond 0.5 cycles/px hold no whole ring.
    rings = np.arange(1, count // 2 + 1)
    members = np.bincount(ring)[rings]
    return Spectrum(rings / count, np.stack([np.bincount(ring, band.ravel())[rings] / members for band in power]))


def cutoff_frequency(psf: Any, transfer: float = LOWEST_TRANSFER) -> float:
    """Frequency beyond which an instrument passes less than a tenth of an amplitude (a hundredth of the power).

    The modulation transfer function, the absolute Fourier transform of the PSF, is averaged over angle; a Gaussian of
    FWHM 3 px falls to 0.1 at 0.268 cycles/px.

    Parameters
    ----------
    psf : array or Tensor, shape (C, K, K) or (K, K)
        Each kernel sums to one.
    transfer : float
        Share of an amplitude, between 0 and 1.

    Returns
    -------
    float
        In cycles/px: of the sharpest band, so that all bands are beyond it; 0.5 where the PSF passes more everywhere.
    """
    kernels = np.asarray(psf, np.float64)
    return max(_band_cutoff(kernel, transfer) for kernel in kernels.reshape(-1, *kernels.shape[-2:]))


def log_spectrum_error(restored: Array, truth: Array, cutoff: float) -> float:
    """Root mean square of ``log10(P_restored / P_truth)`` over the bands and the rings of frequency from ``cutoff`` up.

    In dex; lower is better: 0 is the truth's own texture, 1 is a tenth of its power or ten times too much. It asks
    whether detail beyond the instrument's reach has the right strength, not whether it is in the right place, which
    PSNR asks.

    Parameters
    ----------
    restored, truth : array, shape (C, H, W)
        In one unit.
    cutoff : float
        In cycles/px; see :func:`cutoff_frequency`.

    Returns
    -------
    float
        NaN where no ring lies beyond the cut-off, the truth has no power there, or the image is below 8 px.
    """
    if min(truth.shape[-2:]) < 8:
        return math.nan
    found, expected = power_spectrum(restored), power_spectrum(truth)
    beyond = expected.frequency >= cutoff
    right = expected.power[:, beyond]
    ratio = found.power[:, beyond][right > 0] / right[right > 0]
    if not ratio.size:
        return math.nan
    return float(np.sqrt(np.mean(np.log10(np.maximum(ratio, 10**-LARGEST_DEFICIT)) ** 2)))


def _hann(size: int) -> NDArray[np.float64]:
    return np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2


def _band_cutoff(kernel: NDArray[np.float64], transfer: float) -> float:
    size = max(256, 4 * kernel.shape[-1])
    modulation = abs(np.fft.fft2(kernel, s=(size, size)))
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size))
    ring = np.rint(frequency * size).astype(int).ravel()
    rings = np.arange(size // 2 + 1)
    members = np.bincount(ring)
    mean = (np.bincount(ring, modulation.ravel()) / members)[rings]
    middle = (np.bincount(ring, frequency.ravel()) / members)[rings]
    below = int(np.argmax(mean < transfer))
    if mean[below] >= transfer:
        return 0.5
    return float(min(np.interp(transfer, mean[[below, below - 1]], middle[[below, below - 1]]), 0.5))
