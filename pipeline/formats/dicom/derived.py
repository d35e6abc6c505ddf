"""What a derived series says of itself: what it was made from and how, and that it is not for diagnosis."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import generate_uid

import pipeline
from pipeline.formats.stored_scale import NOT_FOR_DIAGNOSIS

_OFFSET = 9000
"""What is added to the number of the source's series."""
_MOST = 2**31 - 1


def describe(dataset: Dataset, method: str, series: str, number: int, now: datetime) -> None:
    """Turn a copy of a source's header into that of an image derived from it (DICOM PS3.3 C.7.6.1, C.7.6.1.1.2).

    Parameters
    ----------
    dataset : Dataset
        Changed in place.
    method : str
        What was done.
    series : str
        UID of the new series.
    number : int
        Of the instance within it.
    now : datetime
    """
    method = method.encode("ascii", "replace").decode()
    kept = dataset["ImageType"].value if "ImageType" in dataset and dataset["ImageType"].VM > 2 else ()
    dataset.ImageType = ["DERIVED", "SECONDARY", *kept[2:]]
    _say_derived_of_frames(dataset)
    dataset.SourceImageSequence = Items([_reference(dataset)])
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(prefix=None)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.SeriesInstanceUID, dataset.InstanceNumber = series, number
    dataset.SeriesNumber = _series_number(dataset)
    dataset.SeriesDescription = f"{NOT_FOR_DIAGNOSIS}: {method}"[:64]
    dataset.DerivationDescription = f"{NOT_FOR_DIAGNOSIS}. Clearfield {pipeline.__version__}: {method}"[:1024]
    for what in ("InstanceCreation", "Series", "Content"):
        setattr(dataset, f"{what}Date", now.strftime("%Y%m%d"))
        setattr(dataset, f"{what}Time", now.strftime("%H%M%S"))
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = _code("109102", "Processing Equipment")
    equipment.Manufacturer = "Clearfield"
    equipment.SoftwareVersions = pipeline.__version__
    equipment.ContributionDescription = method[:1024]
    dataset.ContributingEquipmentSequence = Items([*(dataset.get("ContributingEquipmentSequence") or ()), equipment])


def _say_derived_of_frames(dataset: Dataset) -> None:
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for frame in dataset.get(groups) or ():
            for group in frame:
                for item in group.value if group.VR == "SQ" else ():
                    if "FrameType" in item:
                        item.FrameType = ["DERIVED", "SECONDARY", *list(item.FrameType)[2:]]


def _reference(dataset: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = dataset.SOPClassUID
    item.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    item.SpatialLocationsPreserved = "YES"
    item.PurposeOfReferenceCodeSequence = _code("121322", "Source image for image processing operation")
    return item


def _code(value: str, meaning: str) -> Items:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return Items([code])


def _series_number(dataset: Dataset) -> int:
    try:
        number = int(dataset.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        number = 0
    return min(number + _OFFSET, _MOST)
