"""The values of one slice, decoded from whatever way its file stores them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from pipeline.formats.checks import FormatError, filled
from pipeline.formats.dicom.codestream import stated_size
from pipeline.formats.dicom.file import DicomSizeError, NotDicomError, TransferSyntaxError, quiet, read_dataset
from pipeline.formats.dicom.frame import Frame
from pipeline.volume import Slice

_HEAD_OF_PIXELS = 12
"""Bytes of tag, type and length of an element with compressed pixels."""


def read_slice(frame: Frame, id: str) -> Slice:
    """A slice in its unit, shape (1, H, W), padding masked.

    Raises
    ------
    TransferSyntaxError
        If its pixels cannot be decoded.
    DicomSizeError
        If they are of another size than the header states.
    """
    raw = read_raw(frame, id)
    pixels, mask = filled(frame.scale.values(frame.encoding.integers(raw)), frame.encoding.is_padding(raw))
    return Slice(pixels[None], mask[None])


def read_raw(frame: Frame, id: str) -> NDArray[Any]:
    """A slice as integers of 8 or 16 bits, as they are stored: overlays and padding in them, nothing turned or scaled.

    Raises
    ------
    TransferSyntaxError
        If its pixels cannot be decoded.
    DicomSizeError
        If they are of another size than the header states.
    """
    try:
        with quiet():
            size = _size_of_codestream(frame)
            if size not in (None, frame.shape):
                raise _other_size(frame, id, size)
            deflated = frame.syntax == DeflatedExplicitVRLittleEndian
            source: Any = read_dataset(frame.path, id) if deflated else frame.path
            # The bits beside those stored are left in: padding is stated with them.
            raw = pixel_array(source, index=frame.number, raw=True, correct_unused_bits=False)
    except FormatError:
        raise
    except FileNotFoundError:
        raise NotDicomError(f"{id}: no such file") from None
    except Exception:  # whatever a decoder meets in a damaged file; its words may quote the file
        raise TransferSyntaxError(
            f"{id}: its pixels ({frame.syntax.name}) cannot be decoded: damaged, or of a kind that the plugins do not "
            "know; decompress it first"
        ) from None
    if raw.shape != frame.shape:
        raise _other_size(frame, id, raw.shape)
    return np.asarray(raw)


def _other_size(frame: Frame, id: str, size: Any) -> DicomSizeError:
    there, stated = (" x ".join(map(str, shape)) for shape in (size, frame.shape))
    return DicomSizeError(f"{id}: its pixels are {there} px, and its header states {stated} px; copy it anew")


def _size_of_codestream(frame: Frame) -> tuple[int, int] | None:
    if not frame.syntax.is_compressed or frame.syntax in (DeflatedExplicitVRLittleEndian, RLELossless):
        return None
    with frame.path.open("rb") as file:
        pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["Rows"])
        file.seek(_HEAD_OF_PIXELS, 1)
        return stated_size(get_frame(file, frame.number, number_of_frames=frame.count))
