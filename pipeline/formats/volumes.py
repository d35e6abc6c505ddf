"""Volumes of patients from and to files, in the format that the names say."""

from __future__ import annotations

from pathlib import Path

from pipeline.formats.dicom import open_dicom, write_dicom
from pipeline.formats.nifti import open_nifti, write_nifti
from pipeline.image import UNKNOWN
from pipeline.volume import SlicedVolume, Volume

NIFTI_SUFFIXES = (".nii", ".nii.gz")


def is_nifti(path: Path) -> bool:
    """Whether a name is that of a NIfTI file; any other file or folder is taken for DICOM."""
    return path.name.lower().endswith(NIFTI_SUFFIXES)


def open_volume(path: Path, id: str, group: str | None = None, unit: str | None = None) -> SlicedVolume:
    """Open a NIfTI file, or a DICOM file or folder, to be read slice by slice.

    Parameters
    ----------
    path : path
    id : str
        By which errors call it, never by its path, which may name a patient.
    group : str, optional
        By default the id.
    unit : str, optional
        Of the values of NIfTI, which names none, and in place of what DICOM says.
    """
    if is_nifti(path):
        return open_nifti(path, id, group, unit or UNKNOWN)
    opened = open_dicom(path, id, group)
    return opened if unit is None else opened.with_unit(unit)


def write_volume(path: Path, volume: Volume | SlicedVolume, method: str, own_scale: bool = False) -> None:
    """Write a volume as NIfTI, or to a folder as a DICOM series that is derived from its own.

    Parameters
    ----------
    path : path
        ``.nii`` or ``.nii.gz``, or a folder that is not there yet.
    volume : Volume or SlicedVolume
        The latter is read several times.
    method : str
        What was done, for DICOM.
    own_scale : bool
        Whether values need digits of their own, such as those of an interval, which the integers of the source that the
        volume came from may lack.
    """
    if is_nifti(path):
        write_nifti(path, volume, own_scale)
    else:
        write_dicom(path, volume, method, own_scale=own_scale)
