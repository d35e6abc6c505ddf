"""What a denoiser is trained for: no blur, and white noise of every level that it may be asked to take off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.physics.blur import Blur
from pipeline.physics.operator import Operator
from pipeline.physics.unblurred import unblurred
from pipeline.training.white_noise_range import WhiteNoiseRange

FAINTEST, STRONGEST = 0.1, 6.0
"""Noise that is drawn, from the first times the least of a study's conditions to the second times the greatest."""


class NoiseLevels(WhiteNoiseRange):
    """Instruments of which each adds noise alone, its level drawn evenly in the logarithm.

    Parameters
    ----------
    least, greatest : sequence of float
        Noise of the study's conditions per band, in the unit of the image, above 0.
    device : torch.device
    """

    def __init__(self, least: Sequence[float], greatest: Sequence[float], device: torch.device) -> None:
        self._low, self._high = FAINTEST * np.array(least), STRONGEST * np.array(greatest)
        self._widest, self._device = unblurred(len(least)), device
        # No PSF to apply a model to, and none of which anything could be told wrongly.
        self.names, self.mistaken, self.single = (), False, None

    def true(self, numbers: Sequence[float]) -> Operator:
        """No blur, for as many scenes."""
        psf = self._widest.psf.to(self._device)
        return Blur.unchecked(psf.expand(len(numbers), -1, -1, -1), self._widest.noise)

    def told(self, numbers: Sequence[float]) -> Operator:
        """The truth."""
        return self.true(numbers)

    def descriptors(self, numbers: Sequence[float]) -> Tensor:
        """None, shape (N, 0)."""
        return torch.zeros(len(numbers), 0, device=self._device)

    def draw(self, random: np.random.Generator) -> float:  # noqa: ARG002
        """There is one."""
        return 0.0

    def range(self) -> dict[str, list[float]]:
        """No number describes a PSF that is none."""
        return {}
