"""Spectra of scenes for tests."""

from __future__ import annotations

import numpy as np

from pipeline.networks.preparation import Preparation
from pipeline.physics.scene_spectrum import SceneSpectrum
from pipeline.stretch import Stretch


def made_spectrum(slope: float, correlation: float = 0.0, bands: int = 1) -> SceneSpectrum:
    """Scenes whose power falls by a power law from a period of 128 px on; the mean power is their variance."""
    frequency = np.linspace(1 / 128, 0.71, 128)
    vertical, horizontal = np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)
    mean = (np.hypot(vertical, horizontal).clip(1 / 128) ** -slope).mean()
    colours = correlation + (1 - correlation) * np.eye(bands)
    return SceneSpectrum.of_arrays(frequency, (frequency**-slope / mean)[:, None, None] * colours)


def made_preparation(
    stretch: Stretch, variance: tuple[float, ...], descriptors: tuple[str, ...] = ("fwhm_px", "r80_px")
) -> Preparation:
    """How a network is to see scenes whose power falls with the square of the frequency."""
    return Preparation(stretch, variance, SceneSpectrum.falling(len(variance)), descriptors)
