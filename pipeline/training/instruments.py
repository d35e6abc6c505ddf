"""The instruments that a study's networks are trained for: every PSF and noise level between those of its conditions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from pipeline.config import Degrade, Images, Noise, Study
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import Stamp, added_width, noise_for, psf_for
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.noise import Noise as NoiseModel

WIDTHS = 17
"""PSFs drawn in advance between the narrowest and the widest: neighbours differ by less than what a network is told."""


class Instruments:
    """PSFs and noise levels to draw from.

    Parameters
    ----------
    study : Study
    bands : int
        Planes of the images.
    pixel_scale : float, optional
        Width of a pixel in arcsec.
    stamp : Stamp, optional
        For a PSF from a file.
    device : torch.device
    """

    def __init__(
        self, study: Study, bands: int, pixel_scale: float | None, stamp: Stamp | None, device: torch.device
    ) -> None:
        self._noise, self._protocol = study.degrade.noise, study.degrade.protocol
        settings = [
            study.degrade.psf.model_copy(update={"fwhm": [f"{w!r}px"], "fwhm_final": None})
            for w in _widths(study.degrade, study.images, pixel_scale)
        ] or [study.degrade.psf]
        kernels = [psf_for(s, study.images, bands, pixel_scale, stamp) for s in settings]
        blurs = [Blur(k, GaussianNoise((0.0,) * bands)) for k in kernels]
        self.names = tuple(blurs[0].descriptor())
        widest = max(k.shape[-1] for k in kernels)
        self.psfs = torch.stack([pad(k, [(widest - k.shape[-1]) // 2] * 4) for k in kernels]).to(device)
        self.descriptors = torch.tensor([list(b.descriptor().values()) for b in blurs], device=device)

    @property
    def halo(self) -> int:
        """Pixels of scene that the widest PSF reads on each side."""
        return self.psfs.shape[-1] // 2

    def psf_index(self, random: np.random.Generator) -> int:
        """Draw one of the PSFs."""
        return int(random.integers(len(self.psfs)))

    def noise(self, random: np.random.Generator, psf: Tensor, sky_sigma: Sequence[float]) -> NoiseModel:
        """Draw a noise level, evenly in its logarithm, for an image whose own sky noise is ``sky_sigma``."""
        axis, levels = _levels(self._noise)
        low, high = min(levels), max(levels)
        share = random.random()
        value = low + share * (high - low) if low <= 0 else math.exp(math.log(low) + share * math.log(high / low))
        return noise_for(self._noise.model_copy(update={axis: [value]}), psf, sky_sigma, self._protocol)

    def noise_range(self, sky_sigma: Sequence[float]) -> tuple[list[float], list[float]]:
        """Least and greatest noise per band on empty sky, in the unit of the image."""
        axis, levels = _levels(self._noise)
        found = []
        for value in sorted(levels):
            noise = noise_for(self._noise.model_copy(update={axis: [value]}), self.psfs[0], sky_sigma, self._protocol)
            found.append(noise.sigma(torch.zeros(1, self.psfs.shape[1], 1, 1)).flatten())
        every = torch.stack(found)
        return every.amin(0).tolist(), every.amax(0).tolist()

    def range(self) -> dict[str, list[float]]:
        """Least and greatest value of every number that describes a PSF."""
        low, high = self.descriptors.amin(0).tolist(), self.descriptors.amax(0).tolist()
        return {name: [a, b] for name, a, b in zip(self.names, low, high)}


def _widths(degrade: Degrade, images: Images, pixel_scale: float | None) -> list[float]:
    axis = "fwhm" if degrade.psf.fwhm else "fwhm_final"
    texts = getattr(degrade.psf, axis)
    if not texts:
        return []
    widths = [added_width(degrade.psf.model_copy(update={axis: [text]}), images, pixel_scale) for text in texts]
    return np.linspace(min(widths), max(widths), WIDTHS if len(set(widths)) > 1 else 1).tolist()


def _levels(noise: Noise) -> tuple[str, list[float]]:
    for axis in ("sigma", "ratio", "gain"):
        levels = getattr(noise, axis)
        if levels:
            return axis, levels
    raise ValueError("a noise without a level passed the configuration")
