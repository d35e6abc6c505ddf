"""Instruments whose noise is white, of any level between two that are known band by band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.physics.noise import GaussianNoise
from pipeline.training.instruments import Instruments


class WhiteNoiseRange(Instruments):
    """Instruments but for their PSFs; whoever makes one sets ``_low`` and ``_high``, shape (C,), above 0."""

    _low: NDArray[np.float64]
    _high: NDArray[np.float64]

    @property
    def relative_to_sky(self) -> bool:
        """Levels are given."""
        return False

    @property
    def counts_photons(self) -> bool:
        """The noise is white."""
        return False

    def noise(
        self,
        random: np.random.Generator,
        number: float,  # noqa: ARG002
        sky_sigma: Sequence[float],  # noqa: ARG002
        background: Sequence[float] = (),  # noqa: ARG002
    ) -> GaussianNoise:
        """Draw a level, the same share of the way from least to greatest in every band, evenly in the logarithm."""
        return GaussianNoise(tuple((self._low * (self._high / self._low) ** random.random()).tolist()))

    def noise_range(self, *_: object) -> tuple[list[float], list[float]]:
        """Least and greatest noise per band that is drawn."""
        return self._low.tolist(), self._high.tolist()
