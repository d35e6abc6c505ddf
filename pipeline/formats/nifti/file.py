"""A NIfTI file: its header, believed only as far as the file bears it out, and its values as they are stored."""

from __future__ import annotations

import gzip
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import nibabel
import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from pipeline.formats.checks import FormatError

LIMIT = 4 * 2**30
"""Bytes that a compressed file may unpack to."""

_CHUNK = 2**20
_SLACK = 2**12
"""Bytes that may follow the values, as padding; more are taken if they are below a part in 32 and below 1 MiB."""

_HEADERS = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
_SILENT = logging.Logger("silent", logging.CRITICAL + 1)
"""For nibabel, which would print what it mends in a header."""


class NiftiSizeError(FormatError):
    """A file that does not hold what its header states."""


class UnpackedSizeError(FormatError):
    """A compressed file that unpacks to more than is taken, or than its header states: perhaps a bomb."""


class VoxelTypeError(FormatError):
    """Voxels that are no single real number."""


@dataclass(frozen=True, eq=False)
class NiftiFile:
    """What lies in a file.

    Parameters
    ----------
    header
        As nibabel reads it, mended where a field is unset.
    start : bytes
        Header and extensions as they lie in the file, up to the values.
    stored : array, shape (W, H, D) or more
        Values as stored; mapped from a plain file, held in memory from a compressed one.
    """

    header: Any
    start: bytes
    stored: NDArray[Any]


def open_file(path: Path, id: str) -> NiftiFile:
    """Open ``.nii`` or ``.nii.gz``, NIfTI-1 or -2.

    Raises
    ------
    FormatError
        If it is missing, damaged, no NIfTI file, the header half of a pair, or of complex or coloured voxels.
    NiftiSizeError
        If it holds less than its header states, or, uncompressed, more.
    UnpackedSizeError
        If it unpacks to more than 4 GiB, or goes on after what its header states.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=plain) as file:
                    return _unpacked(file, id)
            return _mapped(path, plain, id)
    except FileNotFoundError:
        raise FormatError(f"{id}: no such file") from None
    except (OSError, EOFError, zlib.error):
        raise NiftiSizeError(f"{id}: it is cut short or damaged; copy it anew") from None


def _mapped(path: Path, file: BinaryIO, id: str) -> NiftiFile:
    header, block = _header(file, id)
    begin, shape, kind, size = _layout(header, id)
    there = path.stat().st_size
    if not begin + size <= there <= begin + size + _slack(size):
        raise NiftiSizeError(f"{id}: it holds {there} bytes, and its header states {begin + size}; copy it anew")
    stored = np.memmap(path, kind, "r", begin, shape, "F")
    return NiftiFile(header, block + file.read(begin - len(block)), stored)


def _unpacked(file: gzip.GzipFile, id: str) -> NiftiFile:
    header, block = _header(file, id)
    begin, shape, kind, size = _layout(header, id)
    if begin + size > LIMIT:
        raise UnpackedSizeError(
            f"{id}: its header states {(begin + size) / 2**30:.3g} GiB; a compressed file may unpack to "
            f"{LIMIT / 2**30:g} GiB: unpack it first"
        )
    start = block + file.read(begin - len(block))
    # Chunk by chunk, so that a header that promises much costs no more than what is there.
    values = bytearray()
    while len(values) < size and (chunk := file.read(min(_CHUNK, size - len(values)))):
        values += chunk
    if len(values) < size:
        raise NiftiSizeError(
            f"{id}: it unpacks to {len(start) + len(values)} bytes, and its header states {begin + size}; copy it anew"
        )
    if len(file.read(_slack(size) + 1)) > _slack(size):
        raise UnpackedSizeError(
            f"{id}: it goes on after the {begin + size} bytes that its header states, as a gzip bomb does; save it anew"
        )
    return NiftiFile(header, start, np.ndarray(shape, kind, values, order="F"))


def _slack(size: int) -> int:
    return max(_SLACK, min(size // 32, _CHUNK))


def _header(file: BinaryIO | gzip.GzipFile, id: str) -> tuple[Any, bytes]:
    block = file.read(4)
    sizes = {int.from_bytes(block, order) for order in ("little", "big")} & set(_HEADERS) if len(block) == 4 else set()
    if not sizes:
        raise FormatError(f"{id}: no NIfTI file; .nii or .nii.gz of NIfTI-1 or -2 is needed")
    size = sizes.pop()
    block += file.read(size - 4)
    if len(block) < size:
        raise NiftiSizeError(f"{id}: it ends within its header; copy it anew")
    try:
        header = _HEADERS[size](block, check=False)
        if not bytes(header["magic"]).startswith(b"n+"):
            raise FormatError(f"{id}: the header of a pair or of Analyze; save it as one file, .nii or .nii.gz")
        header.check_fix(_SILENT, error_level=40)
        header.get_data_dtype()
    except HeaderDataError as error:
        raise FormatError(f"{id}: its header is damaged ({' '.join(str(error).split())[:200]}); save it anew") from None
    return header, block


def _layout(header: Any, id: str) -> tuple[int, tuple[int, ...], np.dtype[Any], int]:
    # Where the values begin, their shape and type as stored, and how many bytes they take.
    begin, shape, kind = header["vox_offset"].item(), header.get_data_shape(), header.get_data_dtype()
    if kind.kind not in "iuf" or kind.itemsize > 8:
        raise VoxelTypeError(f"{id}: voxels of type {kind}; integers, or float32 or float64, are needed")
    if not (np.isfinite(begin) and begin >= header.sizeof_hdr + 4) or not shape or min(shape) < 1:
        raise FormatError(f"{id}: its header states axes {shape} from byte {begin:g}, which cannot be; save it anew")
    size = kind.itemsize
    for length in map(int, shape):
        size *= length
    return int(begin), tuple(map(int, shape)), kind, size
