"""What every translator gives."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pipeline.image import Pixels


class Translation(NamedTuple):
    """A slice of the first domain as it would look in the second."""

    pixels: Pixels
    """Shape (C, H, W), in the unit of the second domain."""
    back: Pixels | None = None
    """What becomes of them on the way back, in the unit of the first; None where there is no such way."""


class Translator(Protocol):
    """Translates one slice after another."""

    def translate(self, pixels: Pixels) -> Translation:
        """Translate a slice, shape (C, H, W), in the unit of the first domain."""
        ...
