"""Volumes into NIfTI files, under the header that they came with."""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from pipeline.formats.checks import FormatError
from pipeline.formats.nifti.read import FLIPPED, NiftiSource
from pipeline.formats.stored_scale import NOT_FOR_DIAGNOSIS, StoredScale
from pipeline.image import Pixels
from pipeline.store import written_aside
from pipeline.volume import SlicedVolume, Volume

_LARGEST = np.iinfo(np.int16).max
"""Length of an axis that NIfTI-1 can state."""
_LEVEL = 4
"""Of compression: the highest, 9, takes fifty times as long on a brain, and saves a fifth."""


def write_nifti(path: str | Path, volume: Volume | SlicedVolume, own_scale: bool = False) -> None:
    """Write a volume as NIfTI, slice by slice.

    A volume that came from a NIfTI file keeps that file's affine to the bit, its extensions, voxel type and scaling:
    values are rounded to the nearest that can be stored, so that what was not changed comes back exactly, and a voxel
    that held no number holds it again. If one value lies outside of what the type can store, all are written as
    float32 instead; none is clipped. Any other volume is float32, placed by its affine. The description says
    "RESEARCH, NOT FOR DIAGNOSIS".

    Parameters
    ----------
    path : path
        ``.nii`` or ``.nii.gz``.
    volume : Volume or SlicedVolume
        The latter is read twice if its file held integers.
    own_scale : bool
        Write float32, whatever the file that it came from held.

    Raises
    ------
    FormatError
        If the name ends otherwise, or the volume has another shape than the file that it came from.
    """
    path = Path(path)
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        raise FormatError(f"{volume.id}: no name of a NIfTI file to write; it must end in .nii or .nii.gz")
    sliced = SlicedVolume.of(volume) if isinstance(volume, Volume) else volume
    source = sliced.source if isinstance(sliced.source, NiftiSource) else None
    if source is not None and np.prod(sliced.shape) != source.file.stored.size:
        raise FormatError(
            f"{volume.id}: a volume of shape {sliced.shape} is not that of its file; write it without source"
        )
    if source is not None and not own_scale and _fits(sliced, source):
        kind, scale = source.file.stored.dtype, source.scale
        start = _start_of(source)
    else:
        # In the order of bytes that the source's header has.
        big = source is not None and source.file.header.endianness == ">"
        kind, scale = np.dtype(">f4" if big else "<f4"), StoredScale()
        start = _start_of(source, as_float=True) if source is not None else _new_start(sliced)
    with written_aside(path) as aside, aside.open("wb") as plain, ExitStack() as packed:
        zipped = path.name.lower().endswith(".gz")
        file = packed.enter_context(gzip.GzipFile("", "wb", _LEVEL, plain, mtime=0)) if zipped else plain
        file.write(start)
        for band in range(sliced.shape[0]):
            for number in range(sliced.shape[1]):
                plane = _to_store(sliced.read(number).pixels[band], kind, scale)
                if source is not None and source.file.stored.dtype.kind == "f":
                    before = source.file.stored.reshape(*sliced.shape[:0:-1], -1, order="F")[:, :, number, band].T
                    plane = np.where(np.isfinite(before), plane, before)
                file.write(plane.astype(kind).tobytes())


def _to_store(pixels: Pixels, kind: np.dtype[Any], scale: StoredScale) -> NDArray[Any]:
    if kind.kind != "f":
        return scale.stored(pixels)
    return pixels if scale == StoredScale() else (pixels.astype(np.float64) - scale.intercept) / scale.slope


def _fits(volume: SlicedVolume, source: NiftiSource) -> bool:
    kind = source.file.stored.dtype
    if kind.kind == "f":
        return True
    limits = np.iinfo(kind)
    for number in range(volume.shape[1]):
        stored = source.scale.stored(volume.read(number).pixels)
        if not (limits.min <= stored.min() and stored.max() <= limits.max):
            return False
    return True


def _start_of(source: NiftiSource, as_float: bool = False) -> bytes:
    # The bytes that were read, but for what changes: nibabel's mended header would move a qform in the last bit.
    size = source.file.header.sizeof_hdr
    header = type(source.file.header)(source.file.start[:size], check=False)
    header["descrip"] = NOT_FOR_DIAGNOSIS.encode()
    if as_float:
        header.set_data_dtype(np.float32)
        header["scl_slope"], header["scl_inter"] = 1, 0
    start: bytes = header.binaryblock + source.file.start[size:]
    return start


def _new_start(volume: SlicedVolume) -> bytes:
    header = (nibabel.Nifti1Header if max(volume.shape) <= _LARGEST else nibabel.Nifti2Header)()
    shape = volume.shape[:0:-1]
    header.set_data_shape(shape if volume.shape[0] == 1 else (*shape, volume.shape[0]))
    header.set_data_dtype(np.float32)
    header.set_xyzt_units("mm")
    header.set_zooms([*volume.spacing[::-1], *[1.0] * (volume.shape[0] > 1)])
    if volume.placed:
        # The sform alone: a qform cannot hold a shear, and two that differ in the last digit invite questions.
        header.set_sform(volume.affine[:, FLIPPED], "scanner")
    header["descrip"] = NOT_FOR_DIAGNOSIS.encode()
    header["vox_offset"] = header.sizeof_hdr + 4
    start: bytes = header.binaryblock + bytes(4)
    return start
