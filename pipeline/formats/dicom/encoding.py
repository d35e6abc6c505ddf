"""How the pixels of a DICOM file stand for integers: bits, sign, black or white at 0, and padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipeline.formats.checks import FormatError
from pipeline.image import Mask


class BitsError(FormatError):
    """Pixels of a number of bits that is not read."""


@dataclass(frozen=True)
class Encoding:
    """The pixel module of a file (DICOM PS3.3 C.7.6.3).

    Parameters
    ----------
    allocated, stored : int
        Bits that a pixel takes (8 or 16), and those of them that hold its value, the lower ones.
    signed : bool
    inverted : bool
        MONOCHROME1: the smallest integer is white. Integers are turned around within the range of the stored bits, so
        that they grow with brightness, and turned back when they are written.
    padding : tuple of int, optional
        Lowest and highest integer that stand for no data.
    """

    allocated: int
    stored: int
    signed: bool
    inverted: bool = False
    padding: tuple[int, int] | None = None

    @property
    def limits(self) -> tuple[int, int]:
        """Lowest and highest integer that can be stored."""
        return (-(2 ** (self.stored - 1)), 2 ** (self.stored - 1) - 1) if self.signed else (0, 2**self.stored - 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel in an uncompressed little-endian file."""
        return np.dtype(f"<{'i' if self.signed else 'u'}{self.allocated // 8}")

    def integers(self, raw: NDArray[Any]) -> NDArray[np.int32]:
        """The integers that pixels stand for, growing with brightness.

        Parameters
        ----------
        raw : array of integers
            As decoded; bits beside those stored may hold overlays, and are dropped.
        """
        # Up against the top of 32 bits, and down again with the sign.
        raised = raw.astype(np.int32) << np.int32(32 - self.stored)
        integers = raised >> (32 - self.stored) if self.signed else (raised.view(np.uint32) >> (32 - self.stored))
        return self._turned(integers.astype(np.int32))

    def is_padding(self, raw: NDArray[Any]) -> Mask:
        """Where pixels, as decoded, hold no data."""
        if self.padding is None:
            return np.zeros(raw.shape, bool)
        return (self.padding[0] <= raw) & (raw <= self.padding[1])

    def raw(self, integers: NDArray[Any]) -> NDArray[Any]:
        """The integers to store for those of :meth:`integers`; of a range of its own, see :meth:`holds`."""
        return self._turned(integers)

    def holds(self, integers: NDArray[Any]) -> bool:
        """Whether all integers can be stored, and none of them would be read as padding."""
        raw, (low, high) = self.raw(integers), self.limits
        return bool(low <= raw.min() and raw.max() <= high and not self.is_padding(raw).any())

    def _turned(self, integers: NDArray[Any]) -> NDArray[Any]:
        return sum(self.limits) - integers if self.inverted else integers


def encoding_of(header: Dataset, id: str) -> Encoding:
    """How a file stores its pixels.

    Raises
    ------
    BitsError
        If they do not take 8 or 16 bits, or their value is not in the lowest of these, as DICOM asks for.
    """
    allocated = int(header.BitsAllocated)
    stored = int(header.get("BitsStored") or allocated)
    high = int(header.get("HighBit") if header.get("HighBit") is not None else stored - 1)
    if allocated not in (8, 16) or not 0 < stored == high + 1 <= allocated:
        raise BitsError(
            f"{id}: pixels of {stored} bits in {allocated}, up to bit {high}; the lowest bits of 8 or 16 are needed"
        )
    signed = header.get("PixelRepresentation") == 1
    padding = None
    if (value := _padding(header, "PixelPaddingValue", allocated, signed)) is not None:
        other = _padding(header, "PixelPaddingRangeLimit", allocated, signed)
        padding = (min(value, value if other is None else other), max(value, value if other is None else other))
    return Encoding(allocated, stored, signed, header.PhotometricInterpretation == "MONOCHROME1", padding)


def _padding(header: Dataset, name: str, allocated: int, signed: bool) -> int | None:
    value = header.get(name)
    if isinstance(value, bytes):  # of an unknown type, in a file that does not say whether pixels have a sign
        value = int.from_bytes(value[:2], "little")
    if not isinstance(value, int):
        return None
    # Files state -2000 as 63536 too.
    value %= 2**allocated
    return value - 2**allocated if signed and value >= 2 ** (allocated - 1) else value
