"""The instruments that a study's networks are trained for: every PSF and noise level between its conditions'."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
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
        Width of a pixel in arcsec, where the images say it.
    stamp : Stamp, optional
        For a PSF from a file.
    device : torch.device
    """

    def __init__(
        self, study: Study, bands: int, pixel_scale: float | None, stamp: Stamp | None, device: torch.device
    ) -> None:
        self._noise, self._protocol = study.degrade.noise, study.degrade.protocol
        pixel_scale = pixel_scale or study.images.pixel_scale
        settings = [
            study.degrade.psf.model_copy(update={"fwhm": [f"{w!r}px"], "fwhm_final": None})
            for w in _widths(study.degrade, study.images, pixel_scale)
        ] or [study.degrade.psf]
        kernels = [psf_for(s, study.images, bands, pixel_scale, stamp) for s in settings]
        blurs = [Blur(k, GaussianNoise((0.0,) * bands)) for k in kernels]
        self.names = tuple(blurs[0].descriptor())
        widest = max(k.shape[-1] for k in kernels)
        self._kernels = torch.stack([pad(k, [(widest - k.shape[-1]) // 2] * 4) for k in kernels])
        self.psfs = self._kernels.to(device)
        self.descriptors = torch.tensor([list(b.descriptor().values()) for b in blurs], device=device)

    @property
    def halo(self) -> int:
        """Pixels of scene that the widest PSF reads on each side."""
        return self.psfs.shape[-1] // 2

    def psf_index(self, random: np.random.Generator) -> int:
        """Draw one of the PSFs."""
        return int(random.integers(len(self.psfs)))

    @property
    def relative_to_sky(self) -> bool:
        """True where noise is a multiple of an image's own, which must be measured then."""
        return bool(self._noise.ratio)

    def noise(self, random: np.random.Generator, psf: int, sky_sigma: Sequence[float]) -> NoiseModel:
        """Draw a noise level, evenly in its logarithm.

        Parameters
        ----------
        random : Generator
        psf : int
            Number of the PSF that the noise is added behind.
        sky_sigma : sequence of float
            The image's own sky noise, per band; not asked for unless the noise is relative to it.
        """
        _, levels = _levels(self._noise)
        low, high = min(levels), max(levels)
        share = random.random()
        value = low + share * (high - low) if low <= 0 else math.exp(math.log(low) + share * math.log(high / low))
        return self._noise_of(value, psf, sky_sigma)

    def noise_range(self, sky_sigma: Sequence[float]) -> tuple[list[float], list[float]]:
        """Least and greatest noise per band on an empty sky of noise ``sky_sigma``, in the unit of the image."""
        _, levels = _levels(self._noise)
        # The wider the PSF, the less noise it leaves and the more is added for the same ratio.
        ends = [self._noise_of(value, psf, sky_sigma) for value in (min(levels), max(levels)) for psf in (0, -1)]
        every = torch.stack([noise.sigma(torch.zeros(1, self.psfs.shape[1], 1, 1)).flatten() for noise in ends])
        return every.amin(0).tolist(), every.amax(0).tolist()

    def range(self) -> dict[str, list[float]]:
        """Least and greatest value of every number that describes a PSF."""
        low, high = self.descriptors.amin(0).tolist(), self.descriptors.amax(0).tolist()
        return {name: [a, b] for name, a, b in zip(self.names, low, high)}

    def _noise_of(self, value: float, psf: int, sky_sigma: Sequence[float]) -> NoiseModel:
        axis, _ = _levels(self._noise)
        settings = self._noise.model_copy(update={axis: [value]})
        return noise_for(settings, self._kernels[psf], sky_sigma, self._protocol)


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
