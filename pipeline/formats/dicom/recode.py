"""How values are to be stored in a derived series: as its source's are, or with more room, never clipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.dicom.encoding import Encoding
from pipeline.formats.dicom.frame import Frame
from pipeline.formats.stored_scale import ScaleError, StoredScale
from pipeline.image import Pixels
from pipeline.volume import SlicedVolume

_PADDING = -(2**15)
"""Stands for no data where the source's own value cannot."""
_REACH = 2**15 - 2
"""Steps to either side of the middle that all of them can be stored, turned around or not, beside the padding."""


class Stored(NamedTuple):
    """How one slice is stored."""

    encoding: Encoding
    scale: StoredScale

    def holds(self, pixels: Pixels) -> bool:
        """Whether values can be stored without clipping, and none is taken for padding."""
        return self.encoding.holds(self.scale.stored(pixels))

    def raw(self, pixels: Pixels, padded: NDArray[np.bool_], padding: NDArray[Any]) -> NDArray[Any]:
        """What is stored for values, shape (H, W).

        Parameters
        ----------
        pixels : array, shape (H, W)
        padded : array, shape (H, W), bool
            Where the source holds no data.
        padding : array, shape (H, W)
            What the source stores.
        """
        raw = self.encoding.raw(self.scale.stored(pixels))
        if padded.any():
            assert self.encoding.padding is not None
            own = self.encoding.padding == (_PADDING, _PADDING)
            raw = np.where(padded, _PADDING if own else padding, raw)
        # Through 64 bits: a padding value may have bits beside those of the type's sign.
        return raw.astype(np.int64).astype(self.encoding.dtype)


def stored_for(volume: SlicedVolume, frames: Sequence[Frame]) -> list[Stored]:
    """How each slice of a derived series is stored: the first of these ways that holds all of its values.

    1. as its source is, so that what was not changed is stored as the very same integers;
    2. with all 16 bits; 3. with a sign too: the slope and intercept stay, and so do the integers;
    4. with a new slope, the same for all slices, and an intercept of 0 where all sources have it, as PET must.

    Parameters
    ----------
    volume : SlicedVolume
        Read once, and again for each way that does not do.
    frames : sequence of Frame
        Its slices' sources.

    Raises
    ------
    ScaleError
        If a value is infinite or no number.
    """
    ways = (
        [Stored(frame.encoding, frame.scale) for frame in frames],
        [Stored(_wide(frame.encoding), frame.scale) for frame in frames],
        [Stored(_signed(frame.encoding), frame.scale) for frame in frames],
    )
    for way in ways:
        if all(stored.holds(pixels) for stored, pixels in zip(way, _planes(volume))):
            return way
    return stored_by_themselves(volume, frames)


def stored_by_themselves(volume: SlicedVolume, frames: Sequence[Frame]) -> list[Stored]:
    """The last of these ways: as finely as 16 bits allow, whatever the steps of the source."""
    scale = _new_scale(volume, frames)
    return [Stored(_signed(frame.encoding), scale) for frame in frames]


def _planes(volume: SlicedVolume) -> Iterator[Pixels]:
    return (volume.read(number).pixels[0] for number in range(volume.shape[1]))


def _wide(encoding: Encoding) -> Encoding:
    return replace(encoding, allocated=16, stored=16)


def _signed(encoding: Encoding) -> Encoding:
    padding = None if encoding.padding is None else (_PADDING, _PADDING)
    return replace(_wide(encoding), signed=True, padding=padding)


def _new_scale(volume: SlicedVolume, frames: Sequence[Frame]) -> StoredScale:
    ranges = [(float(pixels.min()), float(pixels.max())) for pixels in _planes(volume)]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if not np.isfinite(ranges).all():
        raise ScaleError(f"{volume.id}: values that are no numbers cannot be stored in DICOM; write NIfTI")
    middle = 0.0 if all(frame.scale.intercept == 0 for frame in frames) else as_decimal((low + high) / 2)
    # A little more, since the decimal string that DICOM writes is rounded.
    return StoredScale(as_decimal(max(high - middle, middle - low) / _REACH * (1 + 1e-8)) or 1.0, middle)


def as_decimal(number: float) -> float:
    """A number as DICOM's decimal strings hold it, in 16 characters."""
    return float(f"{number:.9g}")
