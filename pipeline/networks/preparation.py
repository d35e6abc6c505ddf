"""How an observation becomes what a network sees: part of a model, the same in training and in use."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from pipeline.networks.evidence import Evidence
from pipeline.networks.inputs import RestorationInput
from pipeline.on_device import planes
from pipeline.physics.operator import Operator
from pipeline.physics.scene_spectrum import SceneSpectrum
from pipeline.sparsity.first_estimate import FirstEstimate
from pipeline.stretch import Stretch

DESCRIPTOR_SCALE = 10.0
"""Descriptors are widths of a few px; divided by this they are of order one."""
LEAST_NOISE_TO_SIGNAL = 1e-6
"""Variance of the noise over the scene's that the inverse assumes at least; noise-free data set it no other bound."""


@dataclass(frozen=True)
class Preparation:
    """Stretch, regularised inverse and descriptor of an observation.

    Parameters
    ----------
    stretch : Stretch
        Of the fold's training role.
    variance : tuple of float
        Variance of the scene per band, in the unit of the image squared, for the noise-to-signal ratio of the inverse.
    spectrum : SceneSpectrum
        How scenes share it among frequencies.
    descriptors : tuple of str
        Names of the instrument's numbers that the network is told, in order.
    first : FirstEstimate, optional
        What stands in the place of the regularised inverse where data are no image; it matters to no other instrument.
    """

    stretch: Stretch
    variance: tuple[float, ...]
    spectrum: SceneSpectrum
    descriptors: tuple[str, ...]
    first: FirstEstimate | None = None

    def __call__(
        self, data: Tensor, mask: Tensor, sigma: Tensor, level: Tensor, operator: Operator, descriptor: Tensor
    ) -> RestorationInput:
        """Prepare a batch of windows that carry ``operator.inverse_halo`` pixels more than the network is to see.

        Parameters
        ----------
        data, sigma : Tensor, shape (B, C, M, N)
            Data, with masked pixels filled where they are an image, and their noise.
        mask : Tensor, shape (B, C, H, W)
            True where a pixel is not to be trusted.
        level : Tensor, shape (B, C)
            Noise of all data of an image per band: a tile must not choose its own filter.
        operator : Operator
        descriptor : Tensor, shape (B, D)
            Values of ``descriptors``, unscaled.

        Returns
        -------
        RestorationInput
            Of shape (H - 2 inverse_halo, W - 2 inverse_halo).
        """
        halo = operator.inverse_halo
        inner = (..., slice(halo, mask.shape[-2] - halo), slice(halo, mask.shape[-1] - halo))
        # The ratio before the square: in units of 1e-20 the squares alone are nothing in single precision.
        spread = planes([math.sqrt(v) for v in self.variance], level)
        ratio = (level / spread.flatten()).square().clamp_min(LEAST_NOISE_TO_SIGNAL)
        if operator.whole and self.first is not None:
            inverse = self.first(operator, data, sigma)
        else:
            inverse = spread * operator.regularised_inverse(data / spread, ratio, self.spectrum, inner=True)
        softening = planes(self.stretch.softening, level)
        return RestorationInput(
            preview=self.stretch.apply(operator.preview(data)[inner]),
            inverse=self.stretch.apply(inverse),
            sigma=operator.preview_sigma(sigma)[inner] / softening,
            valid=(~mask[inner]).float(),
            descriptor=descriptor / DESCRIPTOR_SCALE,
            evidence=Evidence(data, ratio, operator, self.stretch) if operator.whole else None,
        )

    def described(self, operator: Operator) -> Tensor:
        """The instrument's numbers in the order that the network knows, shape (D,)."""
        values = operator.descriptor()
        return torch.tensor([values[name] for name in self.descriptors])

    def to_dict(self) -> dict[str, Any]:
        """The preparation as plain numbers, for a model file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Preparation:
        """The preparation that :meth:`to_dict` described."""
        stretch, spectrum = Stretch.from_dict(values["stretch"]), SceneSpectrum.from_dict(values["spectrum"])
        known = stretch, tuple(values["variance"]), spectrum, tuple(values["descriptors"])
        # Model files of before there was a choice have none.
        first = values.get("first")
        return cls(*known, None if first is None else FirstEstimate(**first))
