"""DICOM, the files of hospitals: series in, sorted and in their unit; results out as a derived series."""

from pipeline.formats.dicom.encoding import BitsError
from pipeline.formats.dicom.file import DicomSizeError, NotDicomError, TransferSyntaxError, is_dicom
from pipeline.formats.dicom.frame import NotGreyError
from pipeline.formats.dicom.identity import PatientMissingError, identifying_tags, patient_of, privacy_warnings
from pipeline.formats.dicom.read import open_dicom, read_dicom
from pipeline.formats.dicom.series import (
    DuplicateSliceError,
    MissingSliceError,
    MixedSeriesError,
    NoPlaceError,
    UnequalSpacingError,
)
from pipeline.formats.dicom.write import NoSourceError, write_dicom

__all__ = [
    "BitsError",
    "DicomSizeError",
    "DuplicateSliceError",
    "MissingSliceError",
    "MixedSeriesError",
    "NoPlaceError",
    "NoSourceError",
    "NotDicomError",
    "NotGreyError",
    "PatientMissingError",
    "TransferSyntaxError",
    "UnequalSpacingError",
    "identifying_tags",
    "is_dicom",
    "open_dicom",
    "patient_of",
    "privacy_warnings",
    "read_dicom",
    "write_dicom",
]
