"""How far two images agree at every scale: correlation of their Fourier transforms over rings of frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def ring_correlation(one: Array, other: Array) -> NDArray[np.float64]:
    """Fourier ring correlation ``Re sum(F1 F2*) / sqrt(sum |F1|^2 sum |F2|^2)`` over rings and bands.

    As Saxton and Baumeister 1982 (J. Microsc. 127, 127) compare two averages of one particle. It takes no notice of how
    strong an image is in a ring, only of whether its detail lies in the same place: 1 if it does, 0 on average if both
    have nothing in common. The mean is taken off and a Hann window laid over each axis.

    Parameters
    ----------
    one, other : array, shape (C, H, W)
        In any unit.

    Returns
    -------
    array, shape (N,)
        Of rings 1 to N = min(H, W) // 2, one per period that fits the shorter side: ring k lies at k / min(H, W)
        cycles/px. 0 where one of both has no power.
    """
    spectra = [_spectrum(np.asarray(image, np.float64)) for image in (one, other)]
    height, width = one.shape[-2:]
    count = min(height, width)
    ring = np.rint(np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) * count).astype(int).ravel()
    rings = np.arange(1, count // 2 + 1)

    def total(values: Array) -> NDArray[np.float64]:
        return np.bincount(ring, values.sum(0).ravel()).astype(np.float64)[rings]

    shared = total((spectra[0] * spectra[1].conj()).real)
    power = np.sqrt(total(abs(spectra[0]) ** 2) * total(abs(spectra[1]) ** 2))
    return np.divide(shared, power, out=np.zeros_like(shared), where=power > 0)


def resolved_ring(correlation: NDArray[np.float64], threshold: float) -> int:
    """The last ring before the correlation, averaged over three rings, first falls below a threshold; 0 if none is."""
    padded = np.pad(correlation, 1, mode="edge")
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    below = np.flatnonzero(smooth < threshold)
    return int(below[0]) if below.size else len(correlation)


def _spectrum(image: NDArray[np.float64]) -> NDArray[np.complex128]:
    window = _hann(image.shape[-2])[:, None] * _hann(image.shape[-1])
    level = (image * window).sum((-2, -1), keepdims=True) / window.sum()
    return np.fft.fft2((image - level) * window)


def _hann(size: int) -> NDArray[np.float64]:
    return np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
