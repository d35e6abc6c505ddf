"""Invertible scaling of a domain of images, such as CT, to about -1 to 1, finest where most of a body's values lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.display import Picture, Scaling
from pipeline.image import Pixels
from pipeline.on_device import planes
from pipeline.stretch import Stretch, StretchError


@dataclass(frozen=True)
class DomainScale:
    """Scale each band: ``u = arcsinh((x - offset) / softening) / reach``.

    In CT the tissues of a brain differ by a hundredth of what bone and air do; a linear scale would give a network, and
    the noise between its loops, a hundredth of the range for them.

    Parameters
    ----------
    offset, softening, reach : tuple of float
        One value per band; the first two in the unit of the images.
    """

    offset: tuple[float, ...]
    softening: tuple[float, ...]
    reach: tuple[float, ...]

    @classmethod
    def of(cls, bodies: Sequence[NDArray[np.floating]], ends: Sequence[tuple[float, float]]) -> DomainScale:
        """The scale of a domain, from images that are learned from.

        Offset is the median of a body's values, softening half of what its middle two fifths span: of a head, those
        of the brain, not its bone and fat.

        Parameters
        ----------
        bodies : sequence of array, shape (N,)
            Values within bodies, per band.
        ends : sequence of (float, float)
            The least and the greatest value of all, per band.

        Raises
        ------
        StretchError
            If a band has one value nearly everywhere.
        """
        low, middle, high = (tuple(float(np.percentile(b, share)) for b in bodies) for share in (30, 50, 70))
        for number, (least, greatest) in enumerate(zip(low, high)):
            if not greatest > least:
                raise StretchError(
                    f"band {number}: two fifths of all bodies have the value {least:g}; there is no tissue"
                )
        soft = tuple((greatest - least) / 2 for least, greatest in zip(low, high))
        reach = tuple(float(np.abs(np.arcsinh((np.array(end) - m) / s)).max()) for end, m, s in zip(ends, middle, soft))
        return cls(middle, soft, reach)

    @property
    def _stretch(self) -> Stretch:
        return Stretch("asinh", self.offset, self.softening)

    def apply(self, x: Tensor) -> Tensor:
        """Physical values, shape (..., C, H, W), to about -1 to 1."""
        return self._stretch.apply(x) / planes(self.reach, x)

    def invert(self, u: Tensor) -> Tensor:
        """Scaled values, shape (..., C, H, W), back to physical ones."""
        return self._stretch.invert(u * planes(self.reach, u))

    def picture(self, pixels: Pixels) -> Picture:
        """Physical values, shape (C, H, W), as an RGB picture, from black at -1 to white at 1."""
        return pictured(self.apply(torch.from_numpy(np.ascontiguousarray(pixels))).numpy())

    def to_dict(self) -> dict[str, Any]:
        """The scale as plain numbers, for a model file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DomainScale:
        """The scale that :meth:`to_dict` described."""
        return cls(*(tuple(values[name]) for name in ("offset", "softening", "reach")))


def scaling_of(bands: int) -> Scaling:
    """How scaled values become brightness: black at -1, white at 1."""
    names = tuple(str(number) for number in range(bands))
    return Scaling("", names, [0.0] * bands, [1.0] * bands, 2.0, window=(-1.0, 1.0))


def pictured(scaled: Pixels) -> Picture:
    """Scaled values, shape (C, H, W), as an RGB picture."""
    return scaling_of(len(scaled)).picture(scaled)
