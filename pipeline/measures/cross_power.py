"""How much power scenes hold at each spatial frequency, in every band and in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.fill import fill_masked
from pipeline.image import Mask, Pixels

Floats = NDArray[np.float64]

BINS = 32


class CrossPowerError(ClearfieldError):
    """Scenes from which no power spectrum can be taken."""


@dataclass(frozen=True)
class CrossPower:
    """Cross-power of bands, averaged over rings of frequency.

    Parameters
    ----------
    frequency : array, shape (N,)
        Mean of each ring in cycles per px, ascending, above 0 and up to the corners' 0.7.
    power : array, shape (N, C, C)
        Per pixel, in the unit of the scenes squared: white noise has its covariance everywhere.
    """

    frequency: Floats
    power: Floats


def cross_power(scenes: Iterable[tuple[Pixels, Mask]]) -> CrossPower:
    """Cross-power spectrum of scenes, averaged over directions and scenes.

    Parameters
    ----------
    scenes : iterable of (pixels, mask), each of shape (C, H, W)
        Of any sizes; a Hann window keeps their borders from leaking into high frequencies.

    Raises
    ------
    CrossPowerError
        If there is no scene.
    """
    # Narrow rings at low frequencies, where scenes are steep.
    edges = np.sqrt(0.5) * np.linspace(0, 1, BINS + 1) ** 1.5
    edges[-1] += 1e-9
    power, weighted, count = np.zeros((BINS, 1, 1)), np.zeros(BINS), np.zeros(BINS)
    for pixels, mask in scenes:
        ring, frequency, number, cross = _rings(pixels, mask, edges)
        power, weighted, count = power + cross, weighted + np.bincount(ring, frequency, BINS), count + number
    if not count.any():
        raise CrossPowerError(
            "the train role is empty, so scenes have no power spectrum; give more groups, or fewer folds"
        )
    there = count > 0
    return CrossPower(weighted[there] / count[there], power[there] / count[there, None, None])


def _rings(pixels: Pixels, mask: Mask, edges: Floats) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    values = fill_masked(pixels.astype(np.float64), mask)
    height, width = values.shape[-2:]
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    mean = (values * window).sum((-2, -1), keepdims=True) / window.sum()
    spectrum = np.fft.fft2((values - mean) * window).reshape(len(values), -1) / np.sqrt((window**2).sum())
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)).ravel()
    ring = np.digitize(frequency, edges) - 1
    ring[0] = -1
    spectrum, frequency, ring = spectrum[:, ring >= 0], frequency[ring >= 0], ring[ring >= 0]
    bins = len(edges) - 1
    cross = [[np.bincount(ring, (a * b.conj()).real, bins) for b in spectrum] for a in spectrum]
    return ring, frequency, np.bincount(ring, minlength=bins), np.moveaxis(np.array(cross), -1, 0)
