"""Noise of computed tomography: few photons, the electronics that count them, and the logarithm of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor

from pipeline.physics.noise import Noise, NoiseError, Numbers, counted, standard_normal
from pipeline.physics.photons import expected_electrons

ZERO_COUNT = 0.5
"""Added to every count before its logarithm. See :func:`line_integrals`."""


@dataclass(frozen=True)
class LowDoseNoise(Noise):
    """Noise of line integrals ``p`` that are measured by counting photons.

    Counts are ``n = Poisson(N) + N(0, e^2)`` with ``N = dose photons exp(-p)`` (La Riviere, Bian and Vargas 2006, IEEE
    TMI 25, 1022, section II; Yu et al. 2012, J. Comput. Assist. Tomogr. 36, 477), and the data are what
    :func:`line_integrals` makes of them.

    A real slice was itself taken with ``photons``, and its noise is in ``p`` already. Of a noisy source, photons are
    therefore thinned: of ``n0 = photons exp(-p)`` that arrived, each is counted again with the probability ``dose``.
    Thinned Poisson counts are Poisson counts, so that with the noise of the source there is as much as at that dose, no
    more; of the electronics, which do not count less, ``(1 - dose^2) e^2`` is added. At the full dose nothing is. That
    the source's noise was smoothed when it was reconstructed is not undone.

    Parameters
    ----------
    photons : tuple of float
        Photons that reach a bin through air at the full dose, per band.
    electronic : tuple of float
        Standard deviation of the electronics' noise in photons, per band.
    dose : tuple of float
        Share of the full dose, per band.
    noisy_source : bool
        Whether the slices are real ones with the noise of the full dose, not drawings without any.

    Raises
    ------
    NoiseError
        If there are no photons, the noise is negative, or a number is not finite; if a dose is not above 0, or above
        that of a noisy source.
    """

    grows_with_light: ClassVar[bool] = True

    photons: tuple[float, ...]
    electronic: tuple[float, ...]
    dose: tuple[float, ...]
    noisy_source: bool = False

    def __post_init__(self) -> None:
        for value in self.photons:
            if not 0 < value < math.inf:
                raise NoiseError(f"{value:g} photons reach a bin; a finite number above 0 is needed, such as 1e5")
        for value in self.electronic:
            if not 0 <= value < math.inf:
                raise NoiseError(
                    f"the electronic noise is {value:g}; a finite number of photons of 0 or more is needed"
                )
        highest = 1 if self.noisy_source else math.inf
        for value in self.dose:
            if not 0 < value <= highest or value == math.inf:
                allowed = "above 0, and at most 1 for slices that have noise" if self.noisy_source else "above 0"
                raise NoiseError(f"the dose is {value:g}; a share of the full dose {allowed} is needed, such as 0.25")

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        numbers = {name: list(getattr(self, name)) for name in ("photons", "electronic", "dose")}
        return {"kind": "low_dose", "noisy_source": self.noisy_source} | numbers

    @property
    def total(self) -> LowDoseNoise:
        """That of the dose, as if the source had none."""
        return replace(self, noisy_source=False)

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """Photons, electronic noise and dose."""
        return self.photons, self.electronic, self.dose

    def _sigma(self, clean: Tensor, numbers: Numbers) -> Tensor:
        photons, electronic, dose = numbers
        return self._spread(dose * photons * torch.exp(-clean), electronic, dose)

    def _told_sigma(self, data: Tensor, numbers: Numbers) -> Tensor:
        photons, electronic, dose = numbers
        told = dose * photons * torch.exp(-data)
        # The counts that the logarithm was taken of.
        counts = told - electronic.square() / (2 * told) - ZERO_COUNT
        expected = expected_electrons(counts, electronic, torch.zeros_like(electronic))
        return self._spread(expected, electronic, dose)

    def _drawn(self, clean: Tensor, generators: Sequence[Sequence[Generator]], numbers: Numbers) -> Tensor:
        """Photons counted or thinned, electronic noise added, the logarithm taken."""
        photons, electronic, dose = numbers
        arriving = photons * torch.exp(-clean)
        if self.noisy_source:
            counts, level = _thinned(arriving, dose.expand_as(clean), generators), (1 - dose.square()).sqrt()
        else:
            counts, level = counted(dose * arriving, generators), torch.ones_like(dose)
        counts = counts + level * electronic * standard_normal(clean, generators)
        drawn = line_integrals(counts, dose * photons, electronic)
        return torch.where(dose < 1, drawn, clean) if self.noisy_source else drawn

    def _spread(self, counts: Tensor, electronic: Tensor, dose: Tensor) -> Tensor:
        """What is added to line integrals of which so many photons tell."""
        variance = counts + electronic.square()
        if self.noisy_source:
            variance = (1 - dose) * counts + (1 - dose.square()) * electronic.square()
        return _spread_of_logarithm(counts, variance, electronic)


def line_integrals(counts: Tensor, photons: Tensor, electronic: Tensor) -> Tensor:
    """Line integrals from counts, ``log(photons / m)`` with ``m = (n + 1/2 + sqrt((n + 1/2)^2 + 2 e^2)) / 2``.

    Zero and negative counts have one too, without a threshold. The mean of ``log n`` is ``log N - 1 / (2 N)
    - e^2 / (2 N^2)`` to the second order, and ``m`` is ``n + 1/2 + e^2 / (2 n)`` for large ``n``, so that either bias
    is taken away; without electronics ``m`` is ``n + 1/2``. What is left of the bias of ``log m`` is at most 0.002 for
    ``N`` of 3 or more without electronics (0.17 for one photon), and with them 0.02 for ``N`` of ``3 e`` and 0.08 of
    ``2 e``. With less light than that, too many photons are told, and so too little attenuation. Of a noisy source half
    its own variance is taken away twice.

    Parameters
    ----------
    counts : Tensor, shape (B, C, M, N)
    photons, electronic : Tensor
        Photons that reach a bin through air, and standard deviation of the electronics' noise, of a shape that goes
        with the counts'.
    """
    raised = counts + ZERO_COUNT
    told = (raised + (raised.square() + 2 * electronic.square()).sqrt()) / 2
    # Far below zero the sum above has no digits left.
    faint = electronic.square() / ((raised.square() + 2 * electronic.square()).sqrt() - raised).clamp_min(1e-30)
    return (photons / torch.where(raised > 0, told, faint)).log()


def _spread_of_logarithm(counts: Tensor, variance: Tensor, electronic: Tensor) -> Tensor:
    """Standard deviation of :func:`line_integrals`, of counts with a variance.

    By the derivative of the logarithm, with what makes ``1 / N + 1 / (2 N^2)`` of it for Poisson counts, their variance
    to the second order. Without electronics it is right within 9% from half a photon on, with them within 20%.
    """
    squared = counts.square() - counts / 2 + 1.5 + 2 * electronic.square()
    return (variance / squared).sqrt().clamp_min(1e-12)


def _thinned(arriving: Tensor, dose: Tensor, generators: Sequence[Sequence[Generator]]) -> Tensor:
    """Of photons, whose number need not be whole, each with a probability of its own."""
    drawn = torch.empty_like(arriving)
    for image, rate, share, own in zip(drawn, arriving, dose, generators, strict=True):
        for plane, photons, each, generator in zip(image, rate, share, own, strict=True):
            # Rounded up or down at random, so that the mean is kept.
            whole = (photons + torch.empty_like(photons).uniform_(generator=generator)).floor()
            plane.copy_(torch.binomial(whole, each, generator))
    return drawn
