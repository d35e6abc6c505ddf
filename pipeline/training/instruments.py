"""The instruments that a study's networks are trained for: every PSF and noise level between its conditions'."""

from __future__ import annotations

import itertools
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
EMPTY = 16
"""Width in px of the empty sky on which the range of the noise is told."""
LARGEST_ERROR = 2.0
"""A told PSF is wrong by up to this many standard deviations ..."""
ERRORS = 17
"""... in as many steps, so that each true PSF has this many that may be told in its place."""


class Instruments:
    """Blurs and noise levels to draw from, and what a network is told of a blur: the truth, or a width near it.

    Data are made with one of ``true``, a batch of N operators. What is told of it is one of ``told``, more of the same
    kind where ``train.psf_error`` asks, with its numbers in that row of ``descriptors``, shape (M, D).

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
        self.true, self.told = (
            Blur(kernels.to(device), GaussianNoise((0.0,) * bands)) for kernels in (self._kernels, told)
        )
        self.descriptors = described.to(device)

    @property
    def halo(self) -> int:
        """Pixels of scene that the widest PSF reads on each side."""
        return self.true.halo

    @property
    def inverse_halo(self) -> int:
        """Pixels of data that one pixel of the regularised inverse reads on each side."""
        return self.told.inverse_halo

    @property
    def single(self) -> Tensor | None:
        """The PSF where there is but one, shape (C, K, K)."""
        return self._kernels[0] if len(self._kernels) == 1 else None

    def index(self, random: np.random.Generator) -> int:
        """Draw the number of one of ``true``."""
        return int(random.integers(len(self._kernels)))

    def told_index(self, random: np.random.Generator, index: int) -> int:
        """Draw what is told of instrument number ``index``: which of ``told`` and of ``descriptors``."""
        if not self.mistaken:
            return index
        sigmas = random.standard_normal()
        while abs(sigmas) > LARGEST_ERROR:
            sigmas = random.standard_normal()
        return index * ERRORS + round((sigmas / LARGEST_ERROR + 1) / 2 * (ERRORS - 1))

    @property
    def relative_to_sky(self) -> bool:
        """True where noise is a multiple of an image's own, which must be measured then."""
        return bool(self._noise.ratio)

    @property
    def counts_photons(self) -> bool:
        """True where light is noise too, so that it must be known what was taken off."""
        return self._noise.kind == "poisson"

    def noise(
        self, random: np.random.Generator, index: int, sky_sigma: Sequence[float], background: Sequence[float] = ()
    ) -> NoiseModel:
        """Draw a noise level, evenly in its logarithm.

        Parameters
        ----------
        random : Generator
        index : int
            Number of the instrument that adds the noise.
        sky_sigma : sequence of float
            The image's own sky noise, per band; not asked for unless the noise is relative to it.
        background : sequence of float
            Level of the light that was taken off, per band; not asked for unless photons are counted.
        """
        _, levels = _levels(self._noise)
        low, high = min(levels), max(levels)
        share = random.random()
        value = low + share * (high - low) if low <= 0 else math.exp(math.log(low) + share * math.log(high / low))
        return self._noise_of(value, index, sky_sigma, background)

    def noise_range(
        self,
        sky: Sequence[float],
        sky_sigmas: Sequence[Sequence[float]] = ((),),
        backgrounds: Sequence[Sequence[float]] = ((),),
    ) -> tuple[list[float], list[float]]:
        """Least and greatest noise per band that is told on an empty sky, in the unit of the image.

        Parameters
        ----------
        sky : sequence of float
            Level of the sky of the images, per band.
        sky_sigmas : sequence of sequence of float
            The least and the greatest noise that images' skies have already, per band.
        backgrounds : sequence of sequence of float
            The least and the greatest light that was taken off, per band.
        """
        _, levels = _levels(self._noise)
        # The wider the PSF, the less noise it leaves and the more is added for the same ratio.
        ends = itertools.product((min(levels), max(levels)), (0, -1), sky_sigmas, backgrounds)
        # As wide as what noise is told by.
        empty = torch.tensor(sky, dtype=torch.float32)[None, :, None, None].expand(-1, -1, EMPTY, EMPTY)
        every = torch.stack([self._noise_of(*end).told_sigma(empty).amin((0, 2, 3)) for end in ends])
        return every.amin(0).tolist(), every.amax(0).tolist()

    def range(self) -> dict[str, list[float]]:
        """Least and greatest value of every number that describes a PSF."""
        low, high = self._described.amin(0).tolist(), self._described.amax(0).tolist()
        return {name: [a, b] for name, a, b in zip(self.names, low, high)}

    def _noise_of(
        self, value: float, index: int, sky_sigma: Sequence[float], background: Sequence[float]
    ) -> NoiseModel:
        axis, _ = _levels(self._noise)
        settings = self._noise.model_copy(update={axis: [value]})
        return noise_for(settings, self._kernels[index], sky_sigma, self._protocol, background)


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
