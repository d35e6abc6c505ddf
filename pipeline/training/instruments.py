"""The instruments that a study's networks are trained for: every PSF and noise level between its conditions'."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.config import Degrade, Images, Noise, Psf, Study
from pipeline.on_device import sent
from pipeline.physics.blur import Blur
from pipeline.physics.conditions import Stamp, added_width, noise_for, psf_for
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.noise import Noise as NoiseModel
from pipeline.physics.operator import Operator
from pipeline.physics.psf import PSFError
from pipeline.training.psf_bank import WIDTHS, PsfBank
from pipeline.training.psf_range import PsfRange

EMPTY = 16
"""Width in px of the empty sky on which the range of the noise is told."""


class Instruments:
    """Blurs and noise levels to draw from, and what a network is told of a blur: the truth, or a width near it.

    A blur is drawn as a number (of :class:`PsfRange` or :class:`PsfBank`), which :attr:`true` turns into the operator
    that makes the data; what is told of it has a number of its own, which :attr:`told` turns into an operator and
    :meth:`descriptors` into what describes it.

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
        self._silent, error = GaussianNoise((0.0,) * bands), study.train.psf_error
        widths = _widths(study.degrade, study.images, pixel_scale)
        settings, self._device = study.degrade.psf, device

        def drawn(width: float, factor: float) -> Tensor:
            of_width = settings.model_copy(update={"fwhm": [f"{width!r}px"], "fwhm_final": None} if width else {})
            return psf_for(of_width, study.images, bands, pixel_scale, stamp, factor)

        # A PSF from a file has one width, its own.
        self.single = drawn(widths[0] if widths else 0.0, 1.0) if len(set(widths)) < 2 else None
        self.mistaken = error > 0
        try:
            self._psfs = _psfs(settings, widths, drawn, bands, error, device)
        except PSFError as wrong:
            raise PSFError(f"train.psf_error: {wrong}") if error else wrong from None
        self.names, self._widest = self._psfs.names, Blur(self._psfs.on_host(self._psfs.ends[1]), self._silent)

    @property
    def halo(self) -> int:
        """Pixels of scene that the widest PSF reads on each side."""
        return self._widest.halo

    @property
    def inverse_halo(self) -> int:
        """Pixels of data that one pixel of the regularised inverse reads on each side."""
        return self._widest.inverse_halo

    def true(self, numbers: Sequence[float]) -> Operator:
        """The instruments of some numbers, as a batch."""
        return Blur.unchecked(self._psfs.true(numbers), self._silent)

    def told(self, numbers: Sequence[float]) -> Operator:
        """What is told of them by some told numbers, as a batch."""
        return Blur.unchecked(self._psfs.told(numbers), self._silent)

    def descriptors(self, numbers: Sequence[float]) -> Tensor:
        """Numbers that describe what is told, shape (N, D)."""
        return sent(self._psfs.descriptors(numbers), self._device)

    def draw(self, random: np.random.Generator) -> float:
        """Draw the number of an instrument."""
        return self._psfs.draw(random)

    def draw_told(self, random: np.random.Generator, number: float) -> float:
        """Draw the number of what is told of an instrument, where it is not the truth that is told."""
        return self._psfs.mistaken(random, number)

    @property
    def relative_to_sky(self) -> bool:
        """True where noise is a multiple of an image's own, which must be measured then."""
        return bool(self._noise.ratio)

    @property
    def counts_photons(self) -> bool:
        """True where light is noise too, so that it must be known what was taken off."""
        return self._noise.kind == "poisson"

    def noise(
        self, random: np.random.Generator, number: float, sky_sigma: Sequence[float], background: Sequence[float] = ()
    ) -> NoiseModel:
        """Draw a noise level, evenly in its logarithm.

        Parameters
        ----------
        random : Generator
        number : float
            Of the instrument that adds the noise.
        sky_sigma : sequence of float
            The image's own sky noise, per band; not asked for unless the noise is relative to it.
        background : sequence of float
            Level of the light that was taken off, per band; not asked for unless photons are counted.
        """
        _, levels = _levels(self._noise)
        low, high = min(levels), max(levels)
        share = random.random()
        value = low + share * (high - low) if low <= 0 else math.exp(math.log(low) + share * math.log(high / low))
        return self._noise_of(value, number, sky_sigma, background)

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
        ends = itertools.product((min(levels), max(levels)), self._psfs.ends, sky_sigmas, backgrounds)
        # As wide as what noise is told by.
        empty = torch.tensor(sky, dtype=torch.float32)[None, :, None, None].expand(-1, -1, EMPTY, EMPTY)
        every = torch.stack([self._noise_of(*end).told_sigma(empty).amin((0, 2, 3)) for end in ends])
        return every.amin(0).tolist(), every.amax(0).tolist()

    def range(self) -> dict[str, list[float]]:
        """Least and greatest value of every number that describes a PSF."""
        return {name: list(ends) for name, ends in self._psfs.range.items()}

    def _noise_of(
        self, value: float, number: float, sky_sigma: Sequence[float], background: Sequence[float]
    ) -> NoiseModel:
        axis, _ = _levels(self._noise)
        settings = self._noise.model_copy(update={axis: [value]})
        # Only of a multiple of the sky's noise does it matter what the blur leaves of it.
        psf = self._psfs.on_host(number) if self.relative_to_sky else self._widest.psf
        return noise_for(settings, psf, sky_sigma, self._protocol, background)


def _psfs(
    settings: Psf,
    widths: list[float],
    drawn: Callable[[float, float], Tensor],
    bands: int,
    error: float,
    device: torch.device,
) -> PsfRange | PsfBank:
    if settings.profile == "gaussian" or settings.profile == "moffat":
        return PsfRange(settings.profile, settings.beta, (min(widths), max(widths)), bands, error, device)
    steps = np.linspace(min(widths), max(widths), WIDTHS if len(set(widths)) > 1 else 1) if widths else [0.0]
    return PsfBank(drawn, list(map(float, steps)), error, device)


def _widths(degrade: Degrade, images: Images, pixel_scale: float | None) -> list[float]:
    axis = "fwhm" if degrade.psf.fwhm else "fwhm_final"
    texts = getattr(degrade.psf, axis)
    if not texts:
        return []
    return [added_width(degrade.psf.model_copy(update={axis: [text]}), images, pixel_scale) for text in texts]


def _levels(noise: Noise) -> tuple[str, list[float]]:
    for axis in ("sigma", "ratio", "gain"):
        levels = getattr(noise, axis)
        if levels:
            return axis, levels
    raise ValueError("a noise without a level passed the configuration")
