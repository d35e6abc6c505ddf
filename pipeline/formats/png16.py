"""PNG with 16 bits per value, in colour too, which the common readers quietly cut to 8."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Values per pixel by PNG's type of colour: grey, RGB, grey and alpha, RGB and alpha."""
_COLOURS = {channels: colour for colour, channels in _CHANNELS.items()}


def is_png16(data: bytes) -> bool:
    """Whether these are the first bytes (at least 26) of a PNG file with 16 bits per value."""
    return data.startswith(SIGNATURE) and len(data) > 25 and data[24] == 16


def decode_png16(data: bytes) -> tuple[NDArray[np.uint16], dict[str, str]]:
    """Decode a PNG file with 16 bits per value (ISO/IEC 15948).

    Returns
    -------
    values : array, shape (H, W, channels), uint16
        1 channel is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    text : dict
        Remarks by keyword, as :func:`encode_png16` writes them.

    Raises
    ------
    ValueError
        If the file is cut short, damaged or interlaced.
    """
    chunks = list(_chunks(data))
    if chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise ValueError("it is damaged (it does not start with its size)")
    width, height, _, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if interlaced:
        raise ValueError("interlaced, which is not read at 16 bits: save it without interlacing")
    channels = _CHANNELS[colour]
    if any(kind == b"tRNS" for kind, _ in chunks):
        raise ValueError(
            "one colour stands for transparent, which is not read at 16 bits: save it with an alpha channel"
        )
    lines = np.frombuffer(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), np.uint8)
    if lines.size != height * (1 + 2 * channels * width):
        raise ValueError("it ends before the last row")
    lines = lines.reshape(height, 1 + 2 * channels * width)
    values = _unfiltered(lines[:, 1:].reshape(height, width, 2 * channels), lines[:, 0])
    return values.view(">u2").astype(np.uint16), dict(_remark(body) for kind, body in chunks if kind == b"iTXt")


def encode_png16(values: NDArray[np.uint16], text: Sequence[tuple[str, str]] = ()) -> bytes:
    """Encode an image as a PNG file with 16 bits per value.

    Parameters
    ----------
    values : array, shape (H, W, channels), uint16
        With 1 channel (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGB and alpha).
    text : sequence of (keyword, text)
        Remarks that the file carries.
    """
    height, width, channels = values.shape
    stored = np.ascontiguousarray(values, ">u2").view(np.uint8).reshape(height, -1)
    # Each row as its difference to the one above ("up", filter 2), which packs smooth images well and costs little.
    lines = np.empty((height, stored.shape[1] + 1), np.uint8)
    lines[:, 0] = 2
    lines[:, 1:] = np.diff(stored, axis=0, prepend=np.zeros((1, stored.shape[1]), np.uint8))
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOURS[channels], 0, 0, 0)
    remarks = [_chunk(b"iTXt", k.encode("latin-1") + b"\0\0\0\0\0" + t.encode()) for k, t in text]
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", header),
            *remarks,
            _chunk(b"IDAT", zlib.compress(lines.tobytes())),
            _chunk(b"IEND", b""),
        ]
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(data):
        if place + 12 > len(data):
            raise ValueError("it is cut short")
        (length,) = struct.unpack(">I", data[place : place + 4])
        body = data[place + 4 : place + 8 + length]
        check = data[place + 8 + length : place + 12 + length]
        if len(check) < 4 or struct.unpack(">I", check)[0] != zlib.crc32(body):
            raise ValueError("it is cut short or damaged (a checksum differs)")
        yield body[:4], body[4:]
        if body[:4] == b"IEND":
            return
        place += 12 + length
    raise ValueError("it is cut short (no end mark)")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _remark(body: bytes) -> tuple[str, str]:
    # Keyword, whether and how compressed, language, translated keyword, text. Compressed ones are not ours.
    keyword, rest = body.split(b"\0", 1)
    text = b"" if rest[:1] == b"\1" else rest[2:].split(b"\0", 2)[-1]
    return keyword.decode("latin-1"), text.decode(errors="replace")


def _unfiltered(lines: NDArray[np.uint8], filters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # Every byte is a difference to a prediction from the pixels to the left, above, and above left. Pixels on one
    # diagonal do not depend on each other, so that each diagonal is undone at a stroke: H + W steps, not H x W.
    if filters.max() > 4:
        raise ValueError(f"it is damaged (no filter is numbered {filters.max()})")
    height, width, size = lines.shape
    done = np.zeros((height + 1, width + 1, size), np.int16)
    for diagonal in range(height + width - 1):
        y = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        x = diagonal - y
        left, above, corner = done[y + 1, x], done[y, x + 1], done[y, x]
        kind = filters[y][:, None]
        predicted = np.select(
            [kind == 1, kind == 2, kind == 3, kind == 4],
            [left, above, (left + above) // 2, _paeth(left, above, corner)],
            np.int16(0),
        )
        done[y + 1, x + 1] = (lines[y, x] + predicted) & 255
    return done[1:, 1:].astype(np.uint8)


def _paeth(left: NDArray[np.int16], above: NDArray[np.int16], corner: NDArray[np.int16]) -> NDArray[np.int16]:
    # Whichever of the three is nearest to left + above - corner; in a tie left wins, then above.
    to_left, to_above = np.abs(above - corner), np.abs(left - corner)
    to_corner = np.abs(left + above - 2 * corner)
    nearest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)
