"""Whose image it is: the patient, and what else in a DICOM file tells of one, by name and never by value."""

from __future__ import annotations

import re
from pathlib import Path

from pydicom.dataset import Dataset

from pipeline.formats.checks import FormatError, Paths
from pipeline.formats.dicom.file import parsing, read_dataset
from pipeline.formats.dicom.identifying import IDENTIFYING
from pipeline.formats.dicom.series import MixedSeriesError, called, dicom_files

_HEAD = re.compile(r"\b(HEAD|BRAIN|SKULL|CRANI|FACE|FACIAL|ORBIT|SINUS|JAW|EAR|NOSE|NASAL|EYE|DENTAL|TMJ|CEREBR|NEURO)")
"""Parts of the body, and words for their examination, with a face in the field of view."""
_OVERLAY_DATA = 0x3000
_BURNT_IN_MODALITIES = {"CR", "DX", "US", "ES", "XC", "OT", "RF", "XA", "MG", "SC"}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_VOLUMES = ("MR", "CT", "PT")

FACE = (
    "a head may be in view: its volume shows a face, by which a person can be known; de-face it before it is passed on"
)
BURNT_IN = "{kind} may show names and dates burnt into the pixels, which no header tells of; look at every image"


class PatientMissingError(FormatError):
    """A file that does not say whose it is."""


def patient_of(paths: Paths, id: str) -> str:
    """PatientID of a volume. It names a person: it goes into the key file of pseudonyms, and nowhere else.

    Raises
    ------
    PatientMissingError
        If a file does not state it, or states nothing.
    MixedSeriesError
        If files state different ones.
    """
    files = dicom_files(paths, id)
    patients = set[str]()
    for number, path in enumerate(files):
        name = called(id, number, files)
        header = read_dataset(path, name, pixels=False, tags=("PatientID",))
        with parsing(name):
            patients.add(str(header.get("PatientID") or "").strip())
        if "" in patients:
            raise PatientMissingError(
                f"{name}: PatientID is missing or empty; folds by patient need it: name the groups in a table instead"
            )
    if len(patients) > 1:
        raise MixedSeriesError(f"{id}: its files are of {len(patients)} patients (PatientID); separate them")
    return patients.pop()


def identifying_tags(path: str | Path, id: str) -> list[str]:
    """Which elements of a file may tell whose image it is: their names, in alphabetical order, never what they hold.

    Elements within sequences count, empty ones do not; private elements, of which nobody knows what they hold, are
    counted in the last entry, such as ``12 private elements``, and so are overlays, which may be writing.

    Raises
    ------
    NotDicomError
        If it is no DICOM file.
    """
    header = read_dataset(Path(path), id, pixels=False)
    found, private, overlays = set[str](), 0, 0
    with parsing(id):
        for element in header.iterall():
            if element.tag.is_private:
                private += 1
            elif element.tag.group & 0xFF00 == 0x6000 and element.tag.element == _OVERLAY_DATA:
                overlays += 1
            elif element.keyword in IDENTIFYING and element.value not in (None, "", b""):
                found.add(element.keyword)
    counted = [f"{count} {what}" for count, what in ((overlays, "overlays"), (private, "private elements")) if count]
    return sorted(found) + counted


def privacy_warnings(path: str | Path, id: str) -> list[str]:
    """What of the pixels themselves may tell whose image it is, as far as the header lets it be guessed.

    Returns
    -------
    list of str
        That a volume of a head shows a face; that X-ray images, ultrasound and screenshots may hold text.

    Raises
    ------
    NotDicomError
        If it is no DICOM file.
    """
    header = read_dataset(Path(path), id, pixels=False)
    with parsing(id):
        modality = str(header.get("Modality") or "")
        said = []
        if modality in _VOLUMES and _is_head(header):
            said.append(FACE)
        secondary = str(header.get("SOPClassUID") or "").startswith(_SECONDARY_CAPTURE)
        stated = str(header.get("BurnedInAnnotation") or "")
        if stated == "YES" or (stated != "NO" and (secondary or modality in _BURNT_IN_MODALITIES)):
            kind = "a secondary capture" if secondary else f"an image of modality {modality}"
            said.append(BURNT_IN.format(kind=kind))
    return said


def _is_head(header: Dataset) -> bool:
    regions = [str(item.get("CodeMeaning") or "") for item in header.get("AnatomicRegionSequence") or ()]
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for frame in header.get(groups) or ():
            for anatomy in frame.get("FrameAnatomySequence") or ():
                regions += [str(item.get("CodeMeaning") or "") for item in anatomy.get("AnatomicRegionSequence") or ()]
    body = " ".join([str(header.get("BodyPartExamined") or ""), *regions]).upper()
    if body.strip():
        return _HEAD.search(body) is not None
    # Most MR is of heads: without a word of the body it is taken for one.
    described = " ".join(
        str(header.get(name) or "") for name in ("StudyDescription", "SeriesDescription", "ProtocolName")
    )
    return header.get("Modality") == "MR" or _HEAD.search(described.upper()) is not None
