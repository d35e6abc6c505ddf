"""The instruments that a study's networks are trained for: every PSF and noise level between its conditions'."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.config import Degrade, Images, Noise, Study
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import Stamp, added_width, noise_for, psf_for
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.noise import Noise as NoiseModel
from pipeline.physics.psf import PSFError, padded_psfs

WIDTHS = 17
"""PSFs drawn in advance between the narrowest and the widest: neighbours differ by less than what a network is told."""
LARGEST_ERROR = 2.0
"""A told PSF is wrong by up to this many standard deviations ..."""
ERRORS = 17
"""... in as many steps, so that each true PSF has this many that may be told in its place."""


class Instruments:
    """PSFs and noise levels to draw from, and what a network is told of a PSF: the truth, or a width near it.

    Data are made with one of ``psfs``, shape (N, C, K, K). What is told of it is one of ``told``, of the same kind but
    more of them where ``train.psf_error`` asks, with its numbers in that row of ``descriptors``, shape (M, D).

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

        def widened(by: Sequence[float]) -> list[Tensor]:
            return [psf_for(s, study.images, bands, pixel_scale, stamp, factor) for s in settings for factor in by]

        self._kernels, self.names, self._described = _bank(widened([1.0]))
        self.mistaken = study.train.psf_error > 0
        told, described = self._kernels, self._described
        if self.mistaken:
            errors = study.train.psf_error * np.linspace(-LARGEST_ERROR, LARGEST_ERROR, ERRORS)
            try:
                told, _, described = _bank(widened((1 + errors).tolist()))
            except PSFError as error:
                raise PSFError(f"train.psf_error: {error}") from None
        self.psfs, self.told, self.descriptors = (t.to(device) for t in (self._kernels, told, described))
        self.operators = Blur(self.told, GaussianNoise((0.0,) * bands))

    @property
    def halo(self) -> int:
        """Pixels of scene that the widest PSF reads on each side."""
        return self.psfs.shape[-1] // 2

    def psf_index(self, random: np.random.Generator) -> int:
        """Draw one of the PSFs."""
        return int(random.integers(len(self.psfs)))

    def told_index(self, random: np.random.Generator, psf: int) -> int:
        """Draw what is told of PSF number ``psf``: which of ``told`` and of ``descriptors``."""
        if not self.mistaken:
            return psf
        sigmas = random.standard_normal()
        while abs(sigmas) > LARGEST_ERROR:
            sigmas = random.standard_normal()
        return psf * ERRORS + round((sigmas / LARGEST_ERROR + 1) / 2 * (ERRORS - 1))

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
        low, high = self._described.amin(0).tolist(), self._described.amax(0).tolist()
        return {name: [a, b] for name, a, b in zip(self.names, low, high)}

    def _noise_of(self, value: float, psf: int, sky_sigma: Sequence[float]) -> NoiseModel:
        axis, _ = _levels(self._noise)
        settings = self._noise.model_copy(update={axis: [value]})
        return noise_for(settings, self._kernels[psf], sky_sigma, self._protocol)


def _bank(kernels: list[Tensor]) -> tuple[Tensor, tuple[str, ...], Tensor]:
    """PSFs in one tensor, shape (N, C, K, K), the names of the numbers that describe them, and these, shape (N, D)."""
    described = [Blur(kernel, GaussianNoise((0.0,) * len(kernel))).descriptor() for kernel in kernels]
    numbers = torch.tensor([list(one.values()) for one in described])
    return padded_psfs(kernels), tuple(described[0]), numbers


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
