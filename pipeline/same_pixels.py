"""The same slice under two patients: a copy under another name, which would stand on both sides of a split."""

from __future__ import annotations

import hashlib

from pipeline.errors import ClearfieldError
from pipeline.image import Image


class SamePixelsError(ClearfieldError):
    """Two slices of different groups that hold the same values."""


class SlicesSeen:
    """Slices that were looked at, by what they hold: 16 bytes are kept of each, in memory alone."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[str, str]] = {}

    def see(self, image: Image) -> None:
        """Look at a slice.

        A slice of one value throughout, such as air, is like others of its kind and is passed over.

        Raises
        ------
        SamePixelsError
            If one of another group held the same values in the same shape.
        """
        trusted = image.pixels[~image.mask]
        if not trusted.size or (trusted == trusted[0]).all():
            return
        digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
        digest.update(image.pixels.tobytes())
        other, group = self._seen.setdefault(digest.digest(), (image.id, image.group))
        if group != image.group:
            raise SamePixelsError(
                f"{image.id}: holds the same pixels as {other}, which is of another patient or group; "
                "remove one, or give both one group"
            )
