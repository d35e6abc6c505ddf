"""Volumes into DICOM files: as a series that is derived from the one that they came from, and says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import correct_ambiguous_vr
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from pipeline.formats.checks import FormatError
from pipeline.formats.dicom.derived import describe
from pipeline.formats.dicom.file import parsing, quiet, read_dataset
from pipeline.formats.dicom.frame import Frame
from pipeline.formats.dicom.pixels import read_raw
from pipeline.formats.dicom.read import DicomSource
from pipeline.formats.dicom.recode import Stored, stored_by_themselves, stored_for
from pipeline.store.aside import writing
from pipeline.volume import SlicedVolume, Volume


class NoSourceError(FormatError):
    """A volume that did not come from DICOM files, or has another shape than they."""


def write_dicom(
    folder: str | Path,
    volume: Volume | SlicedVolume,
    method: str,
    now: datetime | None = None,
    own_scale: bool = False,
) -> list[Path]:
    """Write a volume as a new DICOM series, derived from the files that it came from.

    Patient, study, frame of reference and geometry are the source's; series and instances get identities of their own,
    and refer to the source's. The image type is DERIVED, SECONDARY, the description of the series begins with
    "RESEARCH, NOT FOR DIAGNOSIS". Private elements, overlays, icons and signatures are left out, since they speak of
    the source's pixels. Pixels are written uncompressed, values rounded to the nearest that can be stored: what was not
    changed as the very integers of the source, padding included, and values that these have no room for with more bits
    or another slope (:func:`pipeline.formats.dicom.recode.stored_for`); none is clipped.

    Parameters
    ----------
    folder : path
        Made here, and whole or not at all: ``0001.dcm``, ``0002.dcm``, ... in the order of the slices, or a file for
        each that held several frames.
    volume : Volume or SlicedVolume
        As :func:`pipeline.formats.dicom.open_dicom` gave it, with other values; a SlicedVolume is read twice or more.
    method : str
        What was done, for the descriptions of series and derivation.
    now : datetime, optional
        Time of writing.
    own_scale : bool
        Choose slope and intercept by the values, whatever those of the source are.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    NoSourceError
        If the volume did not come from DICOM files, or has another shape.
    FormatError
        If the folder is there already, or a source is not there any more.
    """
    folder = Path(folder)
    sliced = SlicedVolume.of(volume) if isinstance(volume, Volume) else volume
    if not isinstance(sliced.source, DicomSource):
        raise NoSourceError(
            f"{volume.id}: it did not come from DICOM files, which a derived series refers to; write NIfTI"
        )
    frames = sliced.source.frames
    if sliced.shape != (1, len(frames), *frames[0].shape):
        raise NoSourceError(f"{volume.id}: a volume of shape {sliced.shape} is not that of its files")
    if folder.exists():
        raise FormatError(f"{volume.id}: the folder for the derived series is there already; name one that is not")
    stored = stored_by_themselves(sliced, frames) if own_scale else stored_for(sliced, frames)
    series, now = generate_uid(prefix=None), now or datetime.now()
    aside = folder.with_name(f".part{os.getpid()}.{folder.name}")
    try:
        with writing(folder):
            aside.mkdir(parents=True)
            names = []
            for count, numbers in enumerate(_files(frames), 1):
                names.append(f"{count:0{max(4, len(str(len(frames))))}d}.dcm")
                derived = _derived(sliced, frames, stored, numbers, volume.id)
                with parsing(volume.id):
                    describe(derived, method, series, count, now)
                with quiet():
                    derived.save_as(aside / names[-1], enforce_file_format=True)
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return [folder / name for name in names]


def _files(frames: Sequence[Frame]) -> list[list[int]]:
    """Numbers of the slices that came from one file, in the order of its frames; files in the order of the slices."""
    files: dict[Path, list[int]] = {}
    for number, frame in enumerate(frames):
        files.setdefault(frame.path, []).append(number)
    return [sorted(numbers, key=lambda number: frames[number].number) for numbers in files.values()]


def _derived(
    volume: SlicedVolume, frames: Sequence[Frame], stored: Sequence[Stored], numbers: Sequence[int], id: str
) -> Dataset:
    """The source of some slices, with other pixels."""
    planes = []
    for number in numbers:
        encoding = frames[number].encoding
        # Pixels of the source are needed where some of them are padding.
        raw = read_raw(frames[number], id) if encoding.padding else np.zeros(frames[number].shape, encoding.dtype)
        planes.append(stored[number].raw(volume.read(number).pixels[0], encoding.is_padding(raw), raw))
    first, before = stored[numbers[0]], frames[numbers[0]]
    with parsing(id):
        dataset = _without_pixels(read_dataset(before.path, id, pixels=False))
        for name, value in (
            ("BitsAllocated", first.encoding.allocated),
            ("BitsStored", first.encoding.stored),
            ("HighBit", first.encoding.stored - 1),
            ("PixelRepresentation", int(first.encoding.signed)),
        ):
            setattr(dataset, name, value)
        if first.encoding.padding and first.encoding.padding != before.encoding.padding:
            dataset.add_new("PixelPaddingValue", "SS", first.encoding.padding[0])
            _leave_out(dataset, "PixelPaddingRangeLimit")
        if first.scale != before.scale:
            _rescale(dataset, first.scale.slope, first.scale.intercept)
        _store(dataset, np.stack(planes))
    return dataset


def _without_pixels(source: Dataset) -> Dataset:
    # Every element is decoded here, and its type known: those of other transfer syntaxes would be written as they lie.
    source.walk(lambda _, element: element.value)
    correct_ambiguous_vr(source, is_little_endian=True)
    source.remove_private_tags()
    dataset = Dataset()
    for element in source:
        # Neither file meta information, curves, overlays, signatures, nor padding at the end.
        if element.tag.group not in (0x0002, 0xFFFA, 0xFFFC) and element.tag.group & 0xFF00 not in (0x5000, 0x6000):
            dataset.add(element)
    _leave_out(
        dataset, "IconImageSequence", "SmallestImagePixelValue", "LargestImagePixelValue", "SmallestPixelValueInSeries",
        "LargestPixelValueInSeries", "PixelDataProviderURL", "MACParametersSequence", "ExtendedOffsetTable",
        "ExtendedOffsetTableLengths", "LengthToEnd",
    )  # fmt: skip
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _leave_out(dataset: Dataset, *names: str) -> None:
    for name in names:
        if name in dataset:
            del dataset[name]


def _rescale(dataset: Dataset, slope: float, intercept: float) -> None:
    holders = [
        item
        for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
        for frame in dataset.get(groups) or ()
        for item in frame.get("PixelValueTransformationSequence") or ()
    ]
    if not holders and dataset.get("SharedFunctionalGroupsSequence"):
        holders = [Dataset()]
        dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence = Items(holders)
    for holder in holders or [dataset]:
        if "RescaleSlope" not in holder:
            holder.RescaleType = "US"  # unspecified
        holder.RescaleSlope, holder.RescaleIntercept = f"{slope:.9g}", f"{intercept:.9g}"
    # What is stated in integers as they were stored before.
    _leave_out(dataset, "VOILUTSequence")


def _store(dataset: Dataset, planes: NDArray[Any]) -> None:
    data = planes.tobytes()
    if planes.dtype.itemsize == 1:
        dataset.add_new("PixelData", "OB", data + bytes(len(data) % 2))
    else:
        dataset.add_new("PixelData", "OW", data)
