"""Volumes of patients in DICOM or NIfTI, slice by slice, under running pseudonyms."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline.body import body_mask
from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.datasets.groups import read_groups
from pipeline.formats.dicom import patient_of
from pipeline.formats.identifying import first_file, warnings
from pipeline.formats.volumes import is_nifti, open_volume
from pipeline.image import Image
from pipeline.pseudonyms import Pseudonyms, refuse_key_place
from pipeline.volume import SlicedVolume

log = logging.getLogger("clearfield")

SQUARE = 0.01
"""Part by which the height and the width of a pixel may differ to be taken for one."""


@dataclass(frozen=True)
class Place:
    """A slice of a volume that a study takes."""

    volume: str
    number: int
    group: str


def volumes(settings: Images) -> Dataset:
    """The slices of all volumes that fit ``settings.path``, in order.

    ``{id}`` stands for a NIfTI file's name, or for a folder with one DICOM series. Who is behind a volume (its
    PatientID, or of NIfTI its name) is known from ``images.volumes.key`` alone: ids, groups and messages hold ``p0001``
    and the like.

    Raises
    ------
    DatasetError
        If nothing fits, a volume has no slice with a body, or there are several and bands are asked for.
    FormatError, VolumeError
        If files do not make a volume.
    PseudonymError
        If the key file is none, or would lie where results are passed on.
    """
    return volumes_of(_found(settings.path or ""), settings)


def volumes_of(found: dict[str, Path], settings: Images) -> Dataset:
    """The slices of some volumes, by a name that may be a patient's."""
    key = settings.volumes.key
    if key is not None:
        refuse_key_place(key)
    names = _named(found, settings, Pseudonyms.read(key) if key is not None and Path(key).is_file() else Pseudonyms())
    if key is not None:
        names.pseudonyms.write(key)
    if settings.volumes.bands and len(found) > 1:
        raise DatasetError(
            f"images.volumes.bands: is for a single volume, and there are {len(found)}; leave it out: folds are made "
            "of patients"
        )
    places: dict[str, Place] = {}
    for volume, path in names.paths.items():
        opened = _opened(path, volume, names.groups[volume], settings)
        places |= _places(opened, settings)
        log.info("ingest: %s has %s slices, of which %d are taken", volume, opened.shape[1],
                 sum(place.volume == volume for place in places.values()))  # fmt: skip
    reader = _Reader(names, settings)
    return Dataset({id: id for id in places}, partial(reader.image, places))


def _found(pattern: str) -> dict[str, Path]:
    """Files and folders that fit, by what stands for ``{id}``."""
    before, _, after = pattern.partition("{id}")
    anywhere = Path(before + "x").parent
    fitting = re.compile(re.escape(Path(before + "x").name[:-1]) + r"([^/]+)" + re.escape(after.rstrip("/")))
    there = sorted(anywhere.iterdir()) if anywhere.is_dir() else []
    # What begins with a point is nobody's volume: a file browser left it there.
    found = {m[1]: path for path in there if (m := fitting.fullmatch(path.name)) and not m[1].startswith(".")}
    if not found:
        raise DatasetError(
            "images.path: no file or folder fits; {id} stands for the name of a NIfTI file, as in data/{id}.nii.gz, or "
            "of a folder with one DICOM series, as in data/{id}"
        )
    return found


@dataclass(frozen=True)
class _Names:
    """Pseudonyms of volumes, and of the patients who are their groups."""

    paths: dict[str, Path]
    groups: dict[str, str]
    pseudonyms: Pseudonyms


def _named(found: dict[str, Path], settings: Images, pseudonyms: Pseudonyms) -> _Names:
    told = _told_groups(settings.groups, list(found)) if settings.groups is not None else {}
    paths, groups, count = {}, {}, Counter[str]()
    for number, (id, path) in enumerate(found.items()):
        # Before it has a name, a volume is called by its number: its own may be the patient's.
        patient = told.get(id) or (id if is_nifti(path) else patient_of(path, f"volume {number + 1}"))
        group = pseudonyms.of(patient)
        count[group] += 1
        paths[f"{group}v{count[group]}"], groups[f"{group}v{count[group]}"] = path, group
    return _Names(paths, groups, pseudonyms)


def _told_groups(table: str, names: list[str]) -> dict[str, str]:
    try:
        return read_groups(table, names)
    except DatasetError:
        # What is wrong would be said of a volume by its name, which may be a patient's.
        raise DatasetError(
            f"images.groups: does not hold each of the {len(names)} volumes that images.path finds once, by what "
            "stands for {id}, with a group, and no other; mend the columns id and group"
        ) from None


def _opened(path: Path, volume: str, group: str, settings: Images) -> SlicedVolume:
    """A volume whose slices are those that are asked for."""
    opened = open_volume(path, volume, group, settings.unit)
    along = settings.volumes.along
    return opened if along == "acquired" else SlicedVolume.of(opened.whole().along(along))


def _places(volume: SlicedVolume, settings: Images) -> dict[str, Place]:
    """The slices of a volume that hold a body, by the names that they get."""
    said, width = settings.volumes, len(str(volume.shape[1] - 1))
    numbers = [n for n in range(0, volume.shape[1], said.every) if _share_of_body(volume, n) >= said.body]
    if not numbers:
        raise DatasetError(f"{volume.id}: no slice is filled to {said.body:.0%} by a body; lower images.volumes.body")
    runs = _runs(numbers, said.bands, round(said.gap / volume.spacing[0])) if said.bands else [numbers]
    return {
        f"{volume.id}_{number:0{width}d}": Place(
            volume.id, number, f"{volume.group}r{k}" if said.bands else volume.group
        )
        for k, run in enumerate(runs)
        for number in run
    }


def _runs(numbers: list[int], count: int, gap: int) -> Iterator[list[int]]:
    """Runs of neighbouring numbers, of about one length, between which as many as ``gap`` are left out."""
    edges = np.linspace(numbers[0], numbers[-1] + 1, count + 1)
    for k, (low, high) in enumerate(pairwise(edges)):
        first, last = low + (gap / 2 if k else 0), high - (gap / 2 if k < count - 1 else 0)
        yield [number for number in numbers if first <= number < last]


def _share_of_body(volume: SlicedVolume, number: int) -> float:
    pixels, mask = volume.read(number)
    plane = np.where(mask[0], pixels[0].min(), pixels[0])
    return float(body_mask(plane - plane.min()).mean())


class _Reader:
    """Reads slices; the volume that was read last stays open."""

    def __init__(self, names: _Names, settings: Images) -> None:
        self._names, self._settings = names, settings
        self._last: SlicedVolume | None = None

    def image(self, places: dict[str, Place], id: str) -> Image:
        """One slice, by its pseudonym, without a header."""
        place = places[id]
        if self._last is None or self._last.id != place.volume:
            path, group = self._names.paths[place.volume], self._names.groups[place.volume]
            self._last = _opened(path, place.volume, group, self._settings)
            for warning in warnings(first_file(path) or path, place.volume):
                log.warning("ingest: %s: %s", place.volume, warning)
        slice, (_, row, column) = self._last.slice(place.number), self._last.spacing
        told = self._last.spaced and abs(row / column - 1) <= SQUARE
        return replace(slice, id=id, group=place.group, pixel_mm=row if told else self._settings.pixel_mm)
