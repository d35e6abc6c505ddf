"""Volumes out of DICOM files, whole or slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.formats.checks import Paths
from pipeline.formats.dicom.frame import Frame
from pipeline.formats.dicom.pixels import read_slice
from pipeline.formats.dicom.series import read_stack
from pipeline.volume import Slice, SlicedVolume, Volume


@dataclass(frozen=True, eq=False, repr=False)
class DicomSource:
    """What a writer needs of the files that were read: their slices, in the order of the volume's."""

    frames: tuple[Frame, ...]


def read_dicom(paths: Paths, id: str, group: str | None = None) -> Volume:
    """Read a volume from DICOM files into memory; all else is that of :func:`open_dicom`."""
    return open_dicom(paths, id, group).whole()


def open_dicom(paths: Paths, id: str, group: str | None = None) -> SlicedVolume:
    """Open DICOM files as a volume that is read slice by slice: now the headers, the pixels when they are asked for.

    Slices are sorted by their position along their common normal. Rescale slope and intercept are applied, each
    slice's own; MONOCHROME1 is turned around within the range of its stored bits, so that values grow with
    brightness; a pixel of the padding value, or within its range, is masked. Frames that do not say where they lie
    (of ultrasound, or of a screenshot) are slices in the order in which they are stored.

    Parameters
    ----------
    paths : path or sequence of paths
        A file of one or more frames; a folder, of which the DICOM images are read and all else is passed over; or the
        files of one series.
    id : str
        Name of the volume, by which errors call it: never a path, which may name a patient.
    group : str, optional
        By default the id.

    Returns
    -------
    SlicedVolume
        Of one band, ``intensity``; for the unit see :func:`pipeline.formats.dicom.unit.unit_of`. It is not ``placed``
        where the files do not say where its slices lie.

    Raises
    ------
    FormatError
        If a file cannot be read, or the slices do not make one volume: see
        :func:`pipeline.formats.dicom.series.read_stack`.
    TransferSyntaxError
        If the way in which pixels are stored cannot be read; damage within them shows only where a slice is read.
    """
    stack = read_stack(paths, id)
    frames = stack.frames

    def read(number: int) -> Slice:
        name = f"{id}: slice {number + 1} of {len(frames)}" if len(frames) > 1 else id
        return read_slice(frames[number], name)

    return SlicedVolume(
        id, (1, len(frames), *frames[0].shape), frames[0].unit, ("intensity",), stack.affine, read,
        id if group is None else group, stack.placed, DicomSource(tuple(frames)),
        spaced=frames[0].spacing is not None,
    )  # fmt: skip
