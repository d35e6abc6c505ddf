"""Volumes out of NIfTI files, whole or slice by slice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.spatialimages import HeaderDataError

from pipeline.formats.checks import FormatError, filled
from pipeline.formats.nifti.file import NiftiFile, open_file
from pipeline.formats.stored_scale import StoredScale
from pipeline.image import UNKNOWN
from pipeline.volume import Affine, Slice, SlicedVolume, Volume

_MM = {"meter": 1e3, "mm": 1.0, "micron": 1e-3, "unknown": 1.0}
FLIPPED = [2, 1, 0, 3]
"""NIfTI counts column, row, slice; a volume slice, row, column."""


class NotThreeDError(FormatError):
    """A file with more axes than a volume."""


@dataclass(frozen=True, eq=False)
class NiftiSource:
    """What a writer needs of a file that was read: the file, and the line on which its values lie."""

    file: NiftiFile
    scale: StoredScale


def read_nifti(
    path: str | Path, id: str, group: str | None = None, unit: str = UNKNOWN, channels: bool = False
) -> Volume:
    """Read a volume from one NIfTI-1 or -2 file into memory; all else is that of :func:`open_nifti`."""
    return open_nifti(path, id, group, unit, channels).whole()


def open_nifti(
    path: str | Path, id: str, group: str | None = None, unit: str = UNKNOWN, channels: bool = False
) -> SlicedVolume:
    """Open a NIfTI-1 or -2 file as a volume that is read slice by slice.

    NIfTI's first axis becomes the columns, its second the rows, its third the slices. ``scl_slope`` and ``scl_inter``
    are applied; a voxel that is no number is masked. A plain file is mapped, not read; a compressed one is held in
    memory as it is stored.

    Parameters
    ----------
    path : path
        ``.nii`` or ``.nii.gz``.
    id : str
        Name of the volume, by which errors call it: never the path, which may name a patient.
    group : str, optional
        By default the id.
    unit : str
        NIfTI names none.
    channels : bool
        Whether a fourth axis holds the bands, ``channel0``, ``channel1``, ...; it is refused otherwise.

    Returns
    -------
    SlicedVolume
        The affine is that of the sform, else the qform; where the file has neither, the volume is not ``placed``.

    Raises
    ------
    FormatError
        If the file cannot be read (:func:`pipeline.formats.nifti.file.open_file`), or its integers are too large for
        float32.
    NotThreeDError
        If it has four axes and ``channels`` is not set, or more.
    VolumeError
        If its affine is singular.
    """
    file = open_file(Path(path), id)
    shape = list(file.stored.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    shape += [1] * (3 - len(shape))
    if len(shape) > 3 + channels:
        axes = " x ".join(map(str, shape))
        hint = "; say that the last axis holds channels, or save one volume of it" if len(shape) == 4 else ""
        raise NotThreeDError(f"{id}: {len(shape)}-D ({axes}) where {3 + channels}-D is needed{hint}")
    stored = file.stored.reshape(*shape[:3], -1, order="F")
    scale = _scale(file, id)
    bands = tuple(f"channel{number}" for number in range(stored.shape[3])) if len(shape) == 4 else ("intensity",)

    def read(number: int) -> Slice:
        planes = [scale.values(stored[:, :, number, band].T) for band in range(stored.shape[3])]
        pixels, mask = zip(*(filled(plane, np.zeros(plane.shape, bool)) for plane in planes))
        return Slice(np.stack(pixels), np.stack(mask))

    return SlicedVolume(
        id, (stored.shape[3], shape[2], shape[1], shape[0]), unit, bands, _affine(file, id), read,
        id if group is None else group, _is_placed(file), NiftiSource(file, scale),
    )  # fmt: skip


def _scale(file: NiftiFile, id: str) -> StoredScale:
    try:
        slope, intercept = file.header.get_slope_inter()
    except HeaderDataError:
        raise FormatError(f"{id}: its scl_slope or scl_inter is no number; correct it") from None
    scale = StoredScale(1.0 if slope is None else float(slope), intercept or 0.0)
    kind = file.stored.dtype
    if kind.kind == "f":
        scale.refuse_inexact(id, 0, 0)
    elif kind.itemsize <= 2:
        scale.refuse_inexact(id, np.iinfo(kind).min, np.iinfo(kind).max)
    else:
        scale.refuse_inexact(id, int(file.stored.min()), int(file.stored.max()))
    return scale


def _is_placed(file: NiftiFile) -> bool:
    return bool(file.header["sform_code"] > 0 or file.header["qform_code"] > 0)


def _affine(file: NiftiFile, id: str) -> Affine:
    try:
        with np.errstate(invalid="ignore"):
            affine = np.array(file.header.get_best_affine(), float)
    except (HeaderDataError, ValueError):
        raise FormatError(f"{id}: its qform is damaged; save it with a valid sform or qform") from None
    affine[:3] *= _MM.get(file.header.get_xyzt_units()[0], 1.0)
    return affine[:, FLIPPED]
