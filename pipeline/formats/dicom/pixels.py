"""The values of one slice, decoded from whatever way its file stores them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, RLELossless

from pipeline.formats.checks import filled
from pipeline.formats.dicom.codestream import stated_size
from pipeline.formats.dicom.file import DicomSizeError, TransferSyntaxError, quiet, read_dataset
from pipeline.formats.dicom.frame import Frame
from pipeline.volume import Slice


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
            syntax, size = _stated(frame)
            if size not in (None, frame.shape):
                raise _other_size(frame, id, size)
            # The bits beside those stored are left in: padding is stated with them.
            source: Any = read_dataset(frame.path, id) if syntax == DeflatedExplicitVRLittleEndian else frame.path
            raw = pixel_array(source, index=frame.number, raw=True, correct_unused_bits=False)
    except (DicomSizeError, TransferSyntaxError):
        raise
    except Exception:  # whatever a decoder meets in a damaged file; its words may quote the file
        raise TransferSyntaxError(
            f"{id}: its pixels ({syntax.name}) cannot be decoded: damaged, or of a kind that the plugins do not know; "
            "decompress it first"
        ) from None
    if raw.shape != frame.shape:
        raise _other_size(frame, id, raw.shape)
    return np.asarray(raw)


def _other_size(frame: Frame, id: str, size: Any) -> DicomSizeError:
    there, stated = (" x ".join(map(str, shape)) for shape in (size, frame.shape))
    return DicomSizeError(f"{id}: its pixels are {there} px, and its header states {stated} px; copy it anew")


def _stated(frame: Frame) -> tuple[UID, tuple[int, int] | None]:
    # How the pixels are compressed, and which size they state themselves.
    with frame.path.open("rb") as file:
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["NumberOfFrames"])
        syntax = header.file_meta.TransferSyntaxUID
        if not syntax.is_compressed or syntax in (DeflatedExplicitVRLittleEndian, RLELossless):
            return syntax, None
        file.seek(12, 1)
        count = int(header.get("NumberOfFrames") or 1)
        return syntax, stated_size(get_frame(file, frame.number, number_of_frames=count))
