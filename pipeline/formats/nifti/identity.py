"""Where a NIfTI file may name its patient: in free text, and in extensions that hold whole DICOM headers."""

from __future__ import annotations

from pathlib import Path

from pipeline.formats.nifti.file import NiftiFile, open_file

FACE = "a NIfTI file does not say which part of the body it shows; of a head, the volume shows the face: de-face it"

_FREE_TEXT = ("descrip", "aux_file", "db_name", "intent_name")
_EXTENSIONS = {2: "DICOM header", 4: "AFNI header", 6: "comment", 8: "XCEDE", 10: "JIMDIMINFO", 44: "MRS"}
_MOST = 1000
"""Extensions that are looked at."""


def identifying_fields(path: str | Path, id: str) -> list[str]:
    """Names of the header's fields of free text that are not empty, and of the extensions: names, never what they hold.

    Raises
    ------
    FormatError
        If the file cannot be read.
    """
    file = open_file(Path(path), id)
    # ANALYZE's name of the data base lies in NIfTI-1 alone.
    texts = [name for name in _FREE_TEXT if name in file.header.keys() and bytes(file.header[name]).strip(b"\0 ")]  # noqa: SIM118
    return texts + [_EXTENSIONS.get(code, f"extension {code}") for code in _extensions(file)]


def _extensions(file: NiftiFile) -> list[int]:
    place, codes = file.header.sizeof_hdr + 4, list[int]()
    order = "little" if file.header.endianness == "<" else "big"
    if not file.start[place - 4 : place - 3].strip(b"\0"):
        return codes
    while place + 8 <= len(file.start) and len(codes) < _MOST:
        size, code = (int.from_bytes(file.start[at : at + 4], order) for at in (place, place + 4))  # type: ignore[arg-type]
        if size < 8:
            break
        codes.append(code)
        place += size
    return codes
