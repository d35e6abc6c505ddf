"""What a scan measured, by which a network's estimate is filled in where the data speak."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.physics.operator import Operator
from pipeline.stretch import Stretch


class Evidence:
    """Data of whole slices, and the instrument that measured them.

    Parameters
    ----------
    data : Tensor, shape (B, C, M, N)
    noise_to_signal : Tensor, shape (B, C)
        Variance of the noise over that of the scene, by which the operator's inverse is regularised.
    operator : Operator
    stretch : Stretch
        In which estimates are given.
    """

    def __init__(self, data: Tensor, noise_to_signal: Tensor, operator: Operator, stretch: Stretch) -> None:
        self._data, self._noise_to_signal, self._operator, self._stretch = data, noise_to_signal, operator, stretch

    def completed(self, estimate: Tensor) -> Tensor:
        """``x + R (y - A x)``: an estimate ``x`` with what it does not explain of the data ``y`` brought back.

        ``A`` is the instrument and ``R`` its regularised inverse. Of ``x = 0`` it makes ``R y``; where nothing was
        measured, ``x`` stays as it is.

        Parameters
        ----------
        estimate : Tensor, shape (B, C, H, W)
            In stretched units.

        Returns
        -------
        Tensor, shape (B, C, H, W)
            In stretched units.
        """
        # Fourier transforms and sums over a slice need all digits.
        with torch.autocast(estimate.device.type, enabled=False):
            scene = self._stretch.invert(estimate.float())
            unexplained = self._data - self._operator.forward(scene)
            return self._stretch.apply(scene + self._operator.regularised_inverse(unexplained, self._noise_to_signal))

    def of(self, images: slice) -> Evidence:
        """The evidence of some slices of a batch."""
        return Evidence(self._data[images], self._noise_to_signal[images], self._operator.of(images), self._stretch)
