"""The slices of one volume: of one series, sorted by where they lie, none missing, none twice, at equal distances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.checks import FormatError, Paths
from pipeline.formats.dicom.file import NotDicomError, is_dicom, parsing, read_dataset, read_header
from pipeline.formats.dicom.frame import Frame, Place, frames_of
from pipeline.volume import Affine

TOLERANCE = 0.01
"""Part of the distance between two slices by which one may lie off its place."""
ROUNDING = 0.01
"""mm by which positions in files are rounded: so much is allowed where slices lie more than four times that apart."""

_SAME_DIRECTION = 1e-3
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""DICOM counts to the left and to the back, volumes to the right and to the front."""


class MixedSeriesError(FormatError):
    """Files of several series, patients or kinds where those of one volume are needed."""


class DuplicateSliceError(FormatError):
    """Several slices at one place."""


class MissingSliceError(FormatError):
    """A gap of one slice or more."""


class UnequalSpacingError(FormatError):
    """Slices at unequal distances, or beside one another."""


class NoPlaceError(FormatError):
    """Several files that do not say where their slices lie."""


class Stack(NamedTuple):
    """Slices in the order in which they lie, from the first to the last, and the affine of their volume."""

    frames: list[Frame]
    affine: Affine
    placed: bool


def dicom_files(paths: Paths, id: str) -> list[Path]:
    """The files of a volume: a file, several, or those of a folder that are DICOM and hold an image, in order of names.

    Raises
    ------
    NotDicomError
        If there is none.
    """
    if not isinstance(paths, str | Path):
        files = [Path(path) for path in paths]
    elif Path(paths).is_dir():
        # Not told by its name, which may be a patient's, if it cannot be opened.
        with parsing(id):
            files = sorted(path for path in Path(paths).iterdir() if path.is_file() and _is_image(path, id))
    else:
        files = [Path(paths)]
    if not files:
        raise NotDicomError(f"{id}: no DICOM image is there; a file, or a folder with one series, is needed")
    return files


def _is_image(path: Path, id: str) -> bool:
    # Reports, DICOMDIR and licences lie in such folders too.
    return is_dicom(path) and "Rows" in read_dataset(path, id, pixels=False, tags=("Rows",))


def read_stack(paths: Paths, id: str) -> Stack:
    """The slices of a volume, in order, of which the headers alone are read.

    Parameters
    ----------
    paths : path or sequence of paths
        As :func:`dicom_files` takes them.
    id : str
        Name of the volume, by which errors call it.

    Raises
    ------
    MixedSeriesError
        If they belong to several series or patients, or differ in size, direction, pixel spacing or unit.
    DuplicateSliceError, MissingSliceError, UnequalSpacingError, NoPlaceError
        If they do not make one volume.
    FormatError
        If one of them cannot be read.
    """
    files = dicom_files(paths, id)
    frames = [frame for number, path in enumerate(files) for frame in _frames(path, called(id, number, files))]
    _refuse_mixed(frames, id)
    places = [frame.place for frame in frames if frame.place is not None]
    if len(frames) == 1 or (not places and len(files) == 1):
        return Stack(frames, _affine_of_one(frames[0]), bool(places))
    if len(places) < len(frames):
        raise NoPlaceError(
            f"{id}: {len(frames) - len(places)} of {len(frames)} slices do not say where they lie "
            "(ImagePositionPatient, ImageOrientationPatient); read them one by one"
        )
    order = np.argsort([_height(place, places[0]) for place in places], kind="stable")
    frames = [frames[number] for number in order]
    return Stack(frames, _affine_of(frames, [places[number] for number in order], id), placed=True)


def called(id: str, number: int, files: Sequence[Path]) -> str:
    """How errors call a file: by its number in order of names, since the name itself may be a patient's."""
    return f"{id}: file {number + 1} of {len(files)}" if len(files) > 1 else id


def _frames(path: Path, id: str) -> list[Frame]:
    header = read_header(path, id)
    with parsing(id):
        return list(frames_of(path, header, id))


def _height(place: Place, first: Place) -> float:
    return float(place.position @ np.cross(first.along_row, first.along_column))


def _refuse_mixed(frames: Sequence[Frame], id: str) -> None:
    if len(series := Counter(frame.series for frame in frames)) > 1:
        sizes = " and ".join(map(str, series.values())) if len(series) < 5 else "many"
        raise MixedSeriesError(
            f"{id}: {len(series)} series lie in one folder (of {sizes} images); put each in a folder of its own"
        )
    # Not by frame of reference: de-identified series have one for each slice.
    if (patients := len({frame.patient for frame in frames})) > 1:
        raise MixedSeriesError(f"{id}: the images of one series are of {patients} patients (PatientID); separate them")
    for what, found in (
        ("sizes", {" x ".join(map(str, frame.shape)) for frame in frames}),
        ("units", {frame.unit for frame in frames}),
        (
            "pixel spacings",
            {"none" if frame.spacing is None else "{:g} x {:g} mm".format(*frame.spacing) for frame in frames},
        ),
    ):
        if len(found) > 1:
            some = ", ".join(sorted(found)[:3])
            raise MixedSeriesError(f"{id}: the images of one series have {len(found)} {what} ({some}); separate them")
    directions = [np.concatenate(frame.place[1:]) for frame in frames if frame.place is not None]
    if any(np.abs(direction - directions[0]).max() > _SAME_DIRECTION for direction in directions):
        raise MixedSeriesError(
            f"{id}: the slices of one series do not lie in parallel, as in a localizer; separate them"
        )


def _affine_of(frames: Sequence[Frame], places: Sequence[Place], id: str) -> Affine:
    heights = np.array([_height(place, places[0]) for place in places])
    _refuse_gaps(heights, id)
    positions = np.array([place.position for place in places])
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    off = np.linalg.norm(positions - positions[0] - np.arange(len(positions))[:, None] * step, axis=1)
    if (worst := int(off.argmax())) and off[worst] > _allowed(float(np.linalg.norm(step))):
        raise UnequalSpacingError(
            f"{id}: slice {worst + 1} of {len(frames)} lies {off[worst]:.3g} mm off the line through the others; "
            "resample the series to equal distances"
        )
    return _affine(places[0], frames[0].spacing, step)


def _refuse_gaps(heights: NDArray[np.float64], id: str) -> None:
    steps = np.diff(heights)
    usual = float(np.median(steps))
    if (twice := np.flatnonzero(steps <= min(ROUNDING, usual / 2 or ROUNDING))).size:
        raise DuplicateSliceError(
            f"{id}: {twice.size} of {len(heights)} slices lie where another does, the first at {heights[twice[0]]:.6g} "
            "mm (a series over time, several echoes, or copies); keep one of each"
        )
    missing = np.rint(steps / usual) - 1
    near = np.abs(steps - (missing + 1) * usual) <= _allowed(usual) * (missing + 1)
    if (gaps := np.flatnonzero((missing > 0) & near)).size:
        count, (low, high) = missing[gaps].sum(), heights[gaps[0] : gaps[0] + 2]
        raise MissingSliceError(
            f"{id}: {count:.0f} of {len(heights) + count:.0f} slices are missing, the first after slice {gaps[0] + 1}, "
            f"between {low:.6g} and {high:.6g} mm; copy them too"
        )
    if np.abs(steps - usual).max() > _allowed(usual):
        raise UnequalSpacingError(
            f"{id}: slices lie {steps.min():.4g} to {steps.max():.4g} mm apart; resample the series to equal distances"
        )


def _allowed(step: float) -> float:
    return max(TOLERANCE * step, min(ROUNDING, step / 4))


def _affine_of_one(frame: Frame) -> Affine:
    thickness = frame.thickness or 1.0
    if frame.place is None:
        return np.diag([thickness, *(frame.spacing or (1.0, 1.0)), 1.0])[[2, 1, 0, 3]]
    normal = np.cross(frame.place.along_row, frame.place.along_column)
    return _affine(frame.place, frame.spacing, thickness * normal)


def _affine(first: Place, spacing: tuple[float, float] | None, step: NDArray[np.float64]) -> Affine:
    # PS3.3 C.7.6.2.1.1, with the slices as a third axis.
    down, across = spacing or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3] = np.stack([step, first.along_column * down, first.along_row * across, first.position], axis=1)
    return _TO_RAS @ affine
