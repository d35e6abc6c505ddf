"""Checksums of tiles: of the pixels, of where they lie, and of what the field says of itself."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.image import Pixels
from pipeline.tiling import Window

DIGEST = 16
"""Bytes of a checksum; zeros stand for a tile that has not been written."""

Digest = NDArray[np.uint8]


def key_of(about: dict[str, Any]) -> bytes:
    """What goes into every checksum of a field, so that none holds under another seed, model or unit."""
    return hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=DIGEST).digest()


def tile_digest(key: bytes, tile: Window, pixels: Pixels) -> Digest:
    """Checksums of a tile's bands, shape (C, DIGEST), uint8.

    Parameters
    ----------
    key : bytes
        From :func:`key_of`.
    tile : Window
        Where it lies in the endless plane.
    pixels : array, shape (C, h, w), float32
        What of it lies in the file.
    """
    place = f"{tile.y0} {tile.x0} {tile.height} {tile.width} ".encode()
    found = [
        hashlib.blake2b(place + np.ascontiguousarray(plane, "<f4").tobytes(), digest_size=DIGEST, key=key).digest()
        for plane in pixels
    ]
    return np.frombuffer(b"".join(found), np.uint8).reshape(len(found), DIGEST)
