"""The size that a compressed frame states, so that a decoder is not led to fill the memory."""

from __future__ import annotations

import struct

_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Second bytes of the markers of JPEG (ISO/IEC 10918-1, table B.1) and JPEG-LS that are followed by a size."""
_ALONE = {0x01, *range(0xD0, 0xDA)}
"""Those of markers that have no length."""


def stated_size(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns that a frame of JPEG, JPEG-LS or JPEG 2000 states.

    Returns
    -------
    tuple of int, or None
        None where it is neither of them (RLE states no size), or where no size is found.
    """
    if frame[:4] == b"\xff\x4f\xff\x51" and len(frame) >= 24:
        width, height, left, top = struct.unpack(">4I", frame[8:24])
        return height - top, width - left
    if frame[:4] == b"\0\0\0\x0c":  # a JP2 file around a codestream, which DICOM forbids and some write
        at = frame.find(b"\xff\x4f\xff\x51")
        return stated_size(frame[at:]) if at > 0 else None
    if frame[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 <= len(frame) and frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack(">HH", frame[place + 5 : place + 9])
            return height, width
        if marker == 0xFF:
            place += 1
        elif marker in _ALONE:
            place += 2
        else:
            place += 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
    return None
