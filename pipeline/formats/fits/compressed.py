"""FITS whose tiles are compressed without loss (gzip of shuffled bytes), written strip by strip.

Astropy compresses a whole image in memory. Here it compresses strips, and what it makes of them is put together as the
one table that the convention asks for: its rows point into a heap behind it (FITS standard 4.0, section 10.1).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from pipeline.formats.fits.file import BLOCK
from pipeline.formats.fits.header import header_of
from pipeline.image import Image
from pipeline.store import written_aside
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

TILE = 256
"""Width in px of what is compressed by itself."""
POINTER = np.dtype([("length", ">i8"), ("place", ">i8")])
"""What a row of the table holds: descriptors of 64 bits, for heaps beyond 2 GB."""


class _Strip(NamedTuple):
    header: fits.Header
    """Of the table."""
    pieces: list[bytes]
    """Compressed tiles, from left to right."""


def write_compressed_fits(path: str | Path, image: Image | WindowedImage, history: Sequence[str] = ()) -> None:
    """Write an image as tile-compressed FITS; nothing is lost, and memory does not grow with the image.

    Parameters
    ----------
    path : path
        ``.fits.fz``, as it is customary.
    image : Image or WindowedImage
        Its pixels alone are written, one band as two axes, several as a cube.
    history : sequence of str
        Becomes HISTORY lines.
    """
    source = WindowedImage.of(image) if isinstance(image, Image) else image
    bands, height, width = source.shape
    across = -(-width // TILE)
    rows = bands * -(-height // TILE) * across
    with written_aside(path) as aside, aside.open("w+b") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode("ascii"))
        start, head, heap = file.tell(), b"", 0
        pointers = np.zeros(rows, POINTER)
        number = 0
        for band in range(bands):
            for y in range(0, height, TILE):
                window = Window(0, 0, height, width).clipped(Window(y, 0, TILE, width))
                strip = _compressed(source.read(band, window).pixels)
                if not head:
                    # As long as it will be at last: the numbers in it have fixed places.
                    head = _head(strip.header, source, history, rows, 0, 0)
                    file.write(head + bytes(rows * POINTER.itemsize))
                for piece in strip.pieces:
                    pointers[number] = (len(piece), heap)
                    heap, number = heap + file.write(piece), number + 1
        file.write(bytes(-(rows * POINTER.itemsize + heap) % BLOCK))
        longest = int(pointers["length"].max())
        file.seek(start)
        file.write(_head(strip.header, source, history, rows, heap, longest))
        file.write(pointers.tobytes())


def _compressed(strip: NDArray[np.float32]) -> _Strip:
    hdu = fits.CompImageHDU(strip, compression_type="GZIP_2", tile_shape=(TILE, TILE), quantize_level=0)
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(buffer)
    buffer.seek(0)
    with fits.open(buffer, disable_image_compression=True) as hdus:
        table = hdus[1]
        return _Strip(table.header, [row[0].tobytes() for row in table.data])


def _head(
    table: fits.Header, image: WindowedImage, history: Sequence[str], rows: int, heap: int, longest: int
) -> bytes:
    bands, height, width = image.shape
    axes = [width, height, bands][: 3 if bands > 1 else 2]
    cards: dict[str, Any] = {
        "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": POINTER.itemsize, "NAXIS2": rows, "PCOUNT": heap,
        "GCOUNT": 1, "TFIELDS": 1, "TTYPE1": "COMPRESSED_DATA", "TFORM1": f"1QB({longest})", "ZIMAGE": True,
        "ZBITPIX": table["ZBITPIX"], "ZNAXIS": len(axes),
        **{f"ZNAXIS{axis}": length for axis, length in enumerate(axes, 1)},
        **{f"ZTILE{axis}": length for axis, length in enumerate([TILE, TILE, 1][: len(axes)], 1)},
        "ZCMPTYPE": "GZIP_2", "ZQUANTIZ": "NONE",
    }  # fmt: skip
    header = fits.Header(list(cards.items()))
    header.extend(header_of(image, history))
    return header.tostring().encode("ascii")
