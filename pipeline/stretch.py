"""Invertible scaling between physical values and the numbers that a network sees, of order one."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from pipeline.errors import ClearfieldError
from pipeline.on_device import planes


class StretchError(ClearfieldError):
    """A scaling that could not be undone."""


@dataclass(frozen=True)
class Stretch:
    """Scale each band: ``u = f((x - offset) / softening)``, with ``f`` the identity or arcsinh.

    Arcsinh is linear within the noise and logarithmic far above it, and loses nothing (Lupton, Gunn and Szalay 1999,
    AJ 118, 1406).

    Parameters
    ----------
    kind : {"asinh", "linear"}
        ``linear`` suits images that were stretched for the eye already.
    offset, softening : tuple of float
        One value per band, in the unit of the image. Measured on the training role of a fold, never on what is judged.

    Raises
    ------
    StretchError
        If a softening is not above 0, a value is not finite, or there are not as many of one as of the other.
    """

    kind: Literal["asinh", "linear"]
    offset: tuple[float, ...]
    softening: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.offset) != len(self.softening):
            raise StretchError(
                f"{len(self.offset)} offsets and {len(self.softening)} softenings; one each per band is needed"
            )
        for offset, softening in zip(self.offset, self.softening):
            if not (math.isfinite(offset) and 0 < softening < math.inf):
                raise StretchError(
                    f"offset {offset:g}, softening {softening:g}; finite values are needed, softening above 0"
                )

    def apply(self, x: Tensor) -> Tensor:
        """Physical values, shape (..., C, H, W), to stretched ones."""
        u = (x - planes(self.offset, x)) / planes(self.softening, x)
        return torch.asinh(u) if self.kind == "asinh" else u

    def invert(self, u: Tensor) -> Tensor:
        """Stretched values, shape (..., C, H, W), back to physical ones."""
        x = torch.sinh(u) if self.kind == "asinh" else u
        return x * planes(self.softening, u) + planes(self.offset, u)

    def to_dict(self) -> dict[str, Any]:
        """The stretch as plain numbers, for a model file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Stretch:
        """The stretch that :meth:`to_dict` described."""
        return cls(values["kind"], tuple(values["offset"]), tuple(values["softening"]))
