"""A DICOM file: its header, believed only as far as the file bears it out. What is said of it names no path."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels import get_decoder
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from pipeline.errors import ClearfieldError
from pipeline.formats.checks import FormatError

LARGEST_FRAME = 2**28
"""Pixels that a slice may have."""
LARGEST_DEFLATED = 2**30
"""Bytes that a deflated file may unpack to."""

_NEEDED = (
    "SOPClassUID", "ImageType", "Modality", "Units", "PatientID", "SeriesInstanceUID",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "ImagerPixelSpacing",
    "SpacingBetweenSlices", "SliceThickness", "RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence",
    "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
_TALKERS = ("pydicom", "pylibjpeg", "openjpeg", "PIL")
_META = 144
"""Bytes before those that the group length of the file meta information counts (PS3.10, 7.1)."""
_CHUNK = 2**20
_PADDED = 32
"""Part of a slice that may lie unused after the last, as some writers pad it; more is a slice of another size."""
_SMALLEST_ITEM = 8
"""Bytes that a compressed frame takes at least: the head of its item."""


class NotDicomError(FormatError):
    """A file that is missing, or no DICOM file, or none with an image."""


class DicomSizeError(FormatError):
    """A DICOM file that does not hold what its header states, or that states or unpacks to too much."""


class TransferSyntaxError(FormatError):
    """Pixels that are stored in a way that cannot be read here."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom and its plugins from saying what they find odd: they quote names, dates and numbers of patients."""
    loggers, settings, silent = [logging.getLogger(name) for name in _TALKERS], config.settings, logging.NullHandler()
    before = settings.reading_validation_mode, settings.writing_validation_mode, [one.propagate for one in loggers]
    settings.reading_validation_mode = settings.writing_validation_mode = config.IGNORE
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(silent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode, propagate = before
        for logger, again in zip(loggers, propagate):
            logger.propagate = again
            logger.removeHandler(silent)


@contextmanager
def parsing(id: str) -> Iterator[None]:
    """Turn whatever pydicom meets in a damaged file, when it opens it or is asked for an element, into one line.

    Raises
    ------
    NotDicomError
        If the file is missing, no DICOM file, or damaged.
    """
    try:
        with quiet():
            yield
    except ClearfieldError:
        raise
    except FileNotFoundError:
        raise NotDicomError(f"{id}: no such file") from None
    except InvalidDicomError:
        raise NotDicomError(f"{id}: no DICOM file") from None
    except OSError as error:
        raise NotDicomError(f"{id}: it cannot be read ({error.strerror or 'input error'})") from None
    except Exception:
        raise NotDicomError(f"{id}: its header is damaged or cut short; copy it anew") from None


def is_dicom(path: str | Path) -> bool:
    """Whether a file begins as a DICOM file does (PS3.10, 7.1), whatever its name."""
    with Path(path).open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_dataset(path: Path, id: str, pixels: bool = True, tags: tuple[str, ...] | None = None) -> Dataset:
    """All of a file, or its header.

    Raises
    ------
    NotDicomError
        If it is missing, no DICOM file, or damaged.
    DicomSizeError
        If it is deflated, and unpacks to more than 1 GiB.
    """
    with parsing(id):
        about = pydicom.filereader.read_file_meta_info(path)
        if about.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            _refuse_bomb(path, id, _META + about.FileMetaInformationGroupLength)
        return pydicom.dcmread(path, stop_before_pixels=not pixels, specific_tags=list(tags) if tags else None)


def read_header(path: Path, id: str) -> Dataset:
    """What of a header is needed to read the image, once the file is known to hold an image of the size that it states.

    Raises
    ------
    NotDicomError
        If it is no DICOM file, damaged, or without an image.
    DicomSizeError
        If it holds fewer or more bytes than its header states, or a slice of more than 2**28 pixels.
    TransferSyntaxError
        If the way in which the pixels are stored is not known, or no plugin for it is installed.
    """
    header = read_dataset(path, id, pixels=False, tags=_NEEDED)
    with parsing(id):
        if any(header.get(name) is None for name in ("Rows", "Columns", "BitsAllocated")):
            raise NotDicomError(f"{id}: no image is in it; leave it out")
        rows, columns, bits = int(header.Rows), int(header.Columns), int(header.BitsAllocated)
        frames = int(header.get("NumberOfFrames") or 1)
        syntax = _readable_syntax(header, id)
    if not (0 < rows * columns <= LARGEST_FRAME and frames > 0):
        raise DicomSizeError(
            f"{id}: its header states {frames} slices of {rows} x {columns} px; at most {LARGEST_FRAME} px are taken"
        )
    if syntax == DeflatedExplicitVRLittleEndian:
        return header
    least = frames * _SMALLEST_ITEM if syntax.is_compressed else (frames * rows * columns * bits + 7) // 8
    with parsing(id):
        there = _bytes_of_pixels(path, syntax)
    if there is None:
        raise NotDicomError(f"{id}: no pixels are in it; leave it out")
    excess = 0 if syntax.is_compressed else there - least
    if there < least or excess > least / frames / _PADDED:
        raise DicomSizeError(
            f"{id}: it holds {there} bytes of pixels, and its header states {frames} x {rows} x {columns} px, "
            f"{least} bytes; copy it anew"
        )
    return header


def _readable_syntax(header: Dataset, id: str) -> UID:
    syntax = header.file_meta.get("TransferSyntaxUID")
    if not isinstance(syntax, UID) or not syntax.is_valid:
        raise TransferSyntaxError(f"{id}: its header names no transfer syntax; save it as Explicit VR Little Endian")
    name = f"{syntax.name} ({syntax})" if syntax.name != syntax else f"{syntax}"
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise TransferSyntaxError(f"{id}: transfer syntax {name} cannot be read; decompress it first") from None
    if not decoder.is_available:
        raise TransferSyntaxError(
            f"{id}: transfer syntax {name} needs a plugin: pip install 'clearfield[medical]'; or decompress it first"
        )
    return syntax


def _bytes_of_pixels(path: Path, syntax: UID) -> int | None:
    # What follows the head of the element of the pixels, as long as that says it is; None where there are none.
    size = path.stat().st_size
    with path.open("rb") as file:
        pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["Rows"])
        head = file.read(12)
        stated = _stated_length(head, syntax)
        if stated is None:
            return None
        begin = file.tell() - (4 if syntax.is_implicit_VR else 0)
    return size - begin if stated == 0xFFFFFFFF else min(stated, size - begin)


def _stated_length(head: bytes, syntax: UID) -> int | None:
    order = "<" if syntax.is_little_endian else ">"
    if len(head) < 12 or struct.unpack(f"{order}HH", head[:4]) != (0x7FE0, 0x0010):
        return None
    (length,) = struct.unpack(f"{order}L", head[4:8] if syntax.is_implicit_VR else head[8:12])
    return int(length)


def _refuse_bomb(path: Path, id: str, begin: int) -> None:
    # pydicom would unpack all of it at once.
    unpacker, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as file:
        file.seek(begin)
        for packed in _chunks(file):
            while packed:
                size += len(unpacker.decompress(packed, _CHUNK))
                packed = unpacker.unconsumed_tail
                if size > LARGEST_DEFLATED:
                    raise DicomSizeError(
                        f"{id}: it unpacks to more than {LARGEST_DEFLATED / 2**30:g} GiB, which is not taken; "
                        "save it as Explicit VR Little Endian"
                    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
