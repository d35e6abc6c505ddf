"""What of a user's volume may tell whose it is: names of elements, never what they hold."""

from __future__ import annotations

from pathlib import Path

from pipeline.formats.dicom import identifying_tags, is_dicom, privacy_warnings
from pipeline.formats.nifti import FACE, identifying_fields
from pipeline.formats.volumes import is_nifti


def first_file(path: Path) -> Path | None:
    """The file whose header speaks for a volume: itself, or the first DICOM file of a folder; None if there is none."""
    if path.is_dir():
        return next((p for p in sorted(path.iterdir()) if p.is_file() and is_dicom(p)), None)
    return path if is_nifti(path) or (path.is_file() and is_dicom(path)) else None


def identifying(path: Path, id: str) -> list[str]:
    """Names of elements that may identify a person."""
    return identifying_fields(path, id) if is_nifti(path) else identifying_tags(path, id)


def warnings(path: Path, id: str) -> list[str]:
    """What of the pixels may: faces, and text that was burnt in."""
    return [FACE] if is_nifti(path) else privacy_warnings(path, id)
