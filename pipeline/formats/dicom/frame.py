"""One slice in a DICOM file: where it lies in the patient and how its values are stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from pipeline.formats.checks import FormatError
from pipeline.formats.dicom.encoding import Encoding, encoding_of
from pipeline.formats.dicom.unit import unit_of
from pipeline.formats.stored_scale import StoredScale


class NotGreyError(FormatError):
    """An image in colours, of looked-up values, or of several slices side by side."""


class Place(NamedTuple):
    """Where a slice lies (DICOM PS3.3 C.7.6.2), in mm, left, posterior, superior.

    ``position`` is the middle of the first pixel, ``along_row`` and ``along_column`` are the directions in which the
    columns and the rows are counted.
    """

    position: NDArray[np.float64]
    along_row: NDArray[np.float64]
    along_column: NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Frame:
    """A slice as one file states it; it names file and patient, and does not show itself.

    Parameters
    ----------
    path : Path
    number : int
        Of the frame within its file, counted from 0.
    shape : tuple of int
        Rows and columns.
    place : Place, optional
        None where the file does not say.
    spacing : tuple of float, optional
        Distance in mm from a row, and from a column, to the next.
    thickness : float, optional
        Distance in mm from a slice to the next, or else thickness, where the file states one.
    unit : str
    scale : StoredScale
    encoding : Encoding
    syntax : UID
        How the pixels are compressed, if they are.
    count : int
        Frames that the file holds.
    series, patient : str
        Identities as the file states them, empty where it does not.
    """

    path: Path
    number: int
    shape: tuple[int, int]
    place: Place | None
    spacing: tuple[float, float] | None
    thickness: float | None
    unit: str
    scale: StoredScale
    encoding: Encoding
    syntax: UID
    count: int
    series: str
    patient: str


def frames_of(path: Path, header: Dataset, id: str) -> Iterator[Frame]:
    """The slices of a file, in the order in which they are stored.

    Parameters
    ----------
    path : Path
    header : Dataset
        As :func:`pipeline.formats.dicom.file.read_header` gives it.
    id : str
        How errors call the file.

    Raises
    ------
    NotGreyError
        If the pixels are coloured, come with a lookup table in place of a slope, or show many slices side by side.
    BitsError
        If they are not of 8 or 16 bits.
    FormatError
        If a number that is needed is none, or a place cannot be one.
    """
    _refuse_other_than_grey(header, id)
    encoding = encoding_of(header, id)
    count = int(header.get("NumberOfFrames") or 1)
    for number in range(count):
        found = _Stated(header, number, id)
        scale = StoredScale(*(found.number(name, otherwise) for name, otherwise in _RESCALE))
        scale.refuse_inexact(id, *encoding.limits)
        place = _place(found, id)
        yield Frame(
            path, number, (int(header.Rows), int(header.Columns)), place, _spacing(found, place is not None, id),
            found.number("SpacingBetweenSlices", 0) or found.number("SliceThickness", 0) or None,
            unit_of(header, found.text("RescaleType"), found.states("RescaleSlope")), scale, encoding,
            header.file_meta.TransferSyntaxUID, count, *(str(header.get(name) or "").strip() for name in _IDENTITIES),
        )  # fmt: skip


_KIND = re.compile("[A-Z0-9_ ]{1,16}")
_RESCALE = (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
_IDENTITIES = ("SeriesInstanceUID", "PatientID")
_GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
}
"""Where a multi-frame file states what a single image states at the top (PS3.3 C.7.6.16)."""


class _Stated(NamedTuple):
    """What a header states of one frame: in the frame's own groups, or those of all frames, or at the top."""

    header: Dataset
    frame: int
    id: str

    def states(self, name: str) -> bool:
        return self._value(name) is not None

    def text(self, name: str) -> str:
        return str(self._value(name) or "").strip()

    def number(self, name: str, otherwise: float) -> float:
        found = self.numbers(name, 1)
        return otherwise if found is None else found[0]

    def numbers(self, name: str, count: int) -> list[float] | None:
        value = self._value(name)
        if value is None or value == "":
            return None
        try:
            numbers = [float(number) for number in (np.ravel(value) if count > 1 else [value])]
        except (TypeError, ValueError):
            numbers = []
        if len(numbers) != count or not np.isfinite(numbers).all():
            raise FormatError(
                f"{self.id}: {name} is not {count} finite {'numbers' if count > 1 else 'number'}; correct it"
            )
        return numbers

    def _value(self, name: str) -> Any:
        for groups, frame in (("PerFrameFunctionalGroupsSequence", self.frame), ("SharedFunctionalGroupsSequence", 0)):
            sequence = self.header.get(groups)
            if name in _GROUPS and sequence and frame < len(sequence):
                item = sequence[frame].get(_GROUPS[name])
                if item and item[0].get(name) is not None:
                    return item[0].get(name)
        return self.header.get(name)


def _spacing(found: _Stated, placed: bool, id: str) -> tuple[float, float] | None:
    # Of an X-ray that is not calibrated, that on the detector.
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing = found.numbers(name, 2)
        if spacing and min(spacing) > 0:
            return spacing[0], spacing[1]
        if spacing and placed:
            raise FormatError(f"{id}: {name} is {spacing[0]:g} x {spacing[1]:g} mm; both must be above 0")
    return None


def _place(found: _Stated, id: str) -> Place | None:
    position, directions = found.numbers("ImagePositionPatient", 3), found.numbers("ImageOrientationPatient", 6)
    if position is None or directions is None:
        return None
    row, column = np.array(directions[:3]), np.array(directions[3:])
    # Rounded to a few digits in many files; what is no rounding would put the slice anywhere.
    if abs(np.linalg.norm(row) - 1) > 1e-2 or abs(np.linalg.norm(column) - 1) > 1e-2 or abs(row @ column) > 1e-2:
        raise FormatError(f"{id}: ImageOrientationPatient is not two directions at a right angle; correct it")
    return Place(np.array(position), row, column)


def _refuse_other_than_grey(header: Dataset, id: str) -> None:
    kind = str(header.get("PhotometricInterpretation") or "")
    if int(header.get("SamplesPerPixel") or 1) != 1 or kind not in ("MONOCHROME1", "MONOCHROME2"):
        known = kind if _KIND.fullmatch(kind) else "missing or damaged"
        raise NotGreyError(f"{id}: PhotometricInterpretation is {known}; MONOCHROME1 or 2 is needed")
    if "MOSAIC" in (header.get("ImageType") or ()):
        raise NotGreyError(f"{id}: a mosaic of slices in one image; take it apart first, as dcm2niix does")
    if header.get("ModalityLUTSequence"):
        raise NotGreyError(f"{id}: values come by a modality lookup table; a rescale slope and intercept are needed")
