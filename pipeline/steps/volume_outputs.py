"""Where a restored volume goes, and where the intervals of its voxels go beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.formats.checks import FormatError
from pipeline.formats.volumes import NIFTI_SUFFIXES, is_nifti
from pipeline.steps.interval_planes import HALF, LOWER, UPPER

PLANES = {
    HALF: "half the width of the interval that holds 68% of what a voxel may be",
    LOWER: "lower end of the interval that holds 95% of what a voxel may be",
    UPPER: "upper end of the interval that holds 95% of what a voxel may be",
}


@dataclass(frozen=True)
class VolumeOutput:
    """One volume that is written: a NIfTI file, or a folder of DICOM files.

    Parameters
    ----------
    path : path
    plane : str
        Of ``PLANES``, or nothing for the restored volume itself.
    """

    path: Path
    plane: str = ""

    @property
    def in_words(self) -> str:
        """What a description begins with; nothing of the restored volume itself."""
        return f"{self.plane}, {PLANES[self.plane]}: " if self.plane else ""


def volume_outputs(out: Path, of_nifti: bool, intervals: bool) -> list[VolumeOutput]:
    """What is written: ``out``, and with intervals ``ERR``, ``LOWER95`` and ``UPPER95``, whose names end by these.

    Beside ``restored.nii.gz`` lie ``restored-err.nii.gz``, ``restored-lower95.nii.gz`` and ``restored-upper95.nii.gz``,
    beside the folder ``restored`` the folders ``restored-err`` and so on.

    Parameters
    ----------
    out : path
    of_nifti : bool
        Whether the volume came from NIfTI, of which no DICOM series can be derived.
    intervals : bool

    Raises
    ------
    FormatError
        If ``out`` cannot be one of these, or any of them is there already: none is ever written over.
    """
    if not out.name or (of_nifti and not is_nifti(out)):
        what = f"the name of a file that ends in {' or '.join(NIFTI_SUFFIXES)}" if of_nifti else "the name of a folder"
        raise FormatError(f"{out}: cannot be the output; give {what}")
    suffix = next((s for s in reversed(NIFTI_SUFFIXES) if out.name.lower().endswith(s)), "")
    stem, ending = out.name[: len(out.name) - len(suffix)], out.name[len(out.name) - len(suffix) :]
    beside = [VolumeOutput(out.with_name(f"{stem}-{plane.lower()}{ending}"), plane) for plane in PLANES]
    outputs = [VolumeOutput(out), *(beside if intervals else [])]
    taken = next((output for output in outputs if output.path.exists()), None)
    if taken is not None:
        what = f"{taken.plane} of the output" if taken.plane else "the output"
        raise FormatError(f"{what}: is there already, and is never written over; give another name")
    return outputs
