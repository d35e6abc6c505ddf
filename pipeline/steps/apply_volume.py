"""apply-volume: a user's own volume, restored slice by slice by a model of a scanner; geometry is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pipeline.config import Scan
from pipeline.errors import ClearfieldError
from pipeline.formats.volumes import is_nifti, open_volume, write_volume
from pipeline.image import Image, Mask
from pipeline.model_file import read_model
from pipeline.progress import progress
from pipeline.steps.interval_planes import has_intervals, intervals_in_words
from pipeline.steps.model_scan import example_of, scan_of
from pipeline.steps.volume_outputs import volume_outputs
from pipeline.steps.volume_restorer import VolumeRestorer
from pipeline.store import Scratch, scratch
from pipeline.tiling import Window
from pipeline.volume import Slice, SlicedVolume, runs_along

log = logging.getLogger("clearfield")

NAME = "the volume"
"""What errors and logs call it: its path may name a patient."""
BRIGHTER = 1.5
"""Times the largest value of the training that a volume may hold before that is said."""


class ApplyVolumeError(ClearfieldError):
    """A volume that a model cannot restore, or a scan that it was not trained for."""


def apply_volume(
    model: Path,
    volume: Path,
    out: Path,
    scan: str,
    force: bool = False,
    tile: int = 512,
    data_consistency: bool = True,
) -> None:
    """Restore the slices of a volume.

    Files hold images and not what the scanner measured, so each slice is taken for what it would show if the scanner of
    the model's study had made it: its data are made from it anew, and the network sees these.

    Slices are read, restored and written one by one: memory does not grow with their number, but for their mask and
    what the reader of the format holds. Until the output is written they lie in a nameless file beside it.

    Parameters
    ----------
    model : path
        What ``publish`` wrote, of a study with a scanner.
    volume : path
        A NIfTI file, a DICOM file, or a folder with a DICOM series.
    out : path
        ``.nii`` or ``.nii.gz``, or for DICOM a folder that is not there yet. Where the model has intervals, those of
        every voxel come to lie beside it; see :func:`~pipeline.steps.volume_outputs.volume_outputs`.
    scan : str
        How the slices were scanned, as ``dose=0.25,views=180`` or ``acceleration=4,sigma=5``: a value for each axis of
        the model's conditions.
    force : bool
        Restore although a value is outside of what the model was trained for, or slices lie across another axis.
    tile : int
        Width in px of what the network restores at a time.
    data_consistency : bool
        Correct slices that their data contradict; see :func:`~pipeline.restorers.least_change.least_changed`.

    Raises
    ------
    ApplyVolumeError
        If the model is of no scanner, or was trained for other scans, bands or units, or on slices across another axis.
    FormatError, VolumeError, ModelFileError, ScannerError, StoreError
    """
    restorer = VolumeRestorer(read_model(model), tile, data_consistency)
    card = restorer.model.card
    settings = _settings(card, scan, force)
    opened = _opened(volume, card, force)
    outputs = volume_outputs(out, is_nifti(volume), has_intervals(restorer.model))
    name = f"{card['network']}_{card['output']} {restorer.model.hash}"
    channels, depth, height, width = opened.shape
    mask, most = np.empty(opened.shape, bool), np.full(channels, -np.inf)
    with scratch(out, (len(outputs) * channels, depth * height, width)) as room:
        for number in progress(range(depth), "restore", depth, "slice"):
            slice = _slice(opened, number)
            mask[:, number] = slice.mask
            most = np.maximum(most, slice.pixels.max((1, 2), where=~slice.mask, initial=-np.inf))
            room.write(_rows(opened, number), restorer.planes(slice, settings, number))
        with _all_or_none() as written:
            for place, output in enumerate(outputs):
                made = opened.reading(partial(_read, opened, room, mask, place * channels))
                method = f"{output.in_words}restored by Clearfield, {name}, {scan}"
                write_volume(output.path, made, method, own_scale=bool(output.plane))
                written.append(output.path)
    log.info("apply-volume %s: %d slices of %d x %d px, %s", name, depth, height, width, scan)
    _tell_of_other_values(card, most)
    _tell(restorer, depth)


@contextmanager
def _all_or_none() -> Iterator[list[Path]]:
    """Where one of several outputs fails, take away those that were written; the list is of these."""
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        for path in written:
            if path.is_dir():
                rmtree(path)
            else:
                path.unlink(missing_ok=True)
        raise


def _tell_of_other_values(card: dict[str, Any], most: NDArray[np.float64]) -> None:
    """Say where values exceed all that was learned from: the scale of a signal is any that its scanner chose."""
    for band, (found, known) in enumerate(zip(most, card.get("brightest", []))):
        if found > BRIGHTER * known:
            log.warning(
                "%s: its largest value in band %d is %.4g %s, and that of the training %.4g; bring it to the scale of "
                "the training, unless it shows what that never had", NAME, band + 1, found, card["unit"], known,
            )  # fmt: skip


def _opened(volume: Path, card: dict[str, Any], force: bool) -> SlicedVolume:
    opened = open_volume(volume, NAME, unit=card["reading"]["unit"] if is_nifti(volume) else None)
    if opened.unit != card["unit"]:
        raise ApplyVolumeError(f"{NAME}: is in {opened.unit}, and the model was trained in {card['unit']}; convert it")
    if opened.shape[0] != len(card["bands"]):
        raise ApplyVolumeError(f"{NAME}: has {opened.shape[0]} channels, and the model {len(card['bands'])}")
    # Cards written before this was looked at do not say it.
    along = card["reading"].get("volumes", {}).get("along", "acquired")
    if along != "acquired" and opened.placed and not runs_along(opened.affine, along) and not force:
        raise ApplyVolumeError(
            f"{NAME}: the model was trained on {along} slices, and those of the file are others, or lie with rows for "
            "columns; store it in that order, or restore all the same with --force"
        )
    return opened


def _slice(opened: SlicedVolume, number: int) -> Image:
    _, row, column = opened.spacing
    return replace(opened.slice(number), pixel_mm=(row * column) ** 0.5 if opened.spaced else None)


def _rows(opened: SlicedVolume, number: int) -> Window:
    """Where a slice lies among all, one below the other."""
    *_, height, width = opened.shape
    return Window(number * height, 0, height, width)


def _read(opened: SlicedVolume, room: Scratch, mask: Mask, first: int, number: int) -> Slice:
    window = _rows(opened, number)
    planes = [room.read(first + band, window) for band in range(opened.shape[0])]
    return Slice(np.stack(planes), mask[:, number])


def _tell(restorer: VolumeRestorer, depth: int) -> None:
    """Say what was corrected, and what the intervals are, or why there are none."""
    if restorer.contradicted:
        log.warning("%d of %d slices were corrected, since their data contradicted them", restorer.contradicted, depth)
    if not has_intervals(restorer.model):
        log.info("no intervals: the model has none (a study's spread.steps and split.calibrate give them)")
        return
    log.info("intervals lie beside it, under names that end by -err, -lower95 and -upper95")
    for line in intervals_in_words(restorer.model):
        log.info("%s", line)


def _settings(card: dict[str, Any], scan: str, force: bool) -> Scan:
    """The scan in the user's words, within what the model was trained for."""
    trained = scan_of(card)
    if trained is None:
        raise ApplyVolumeError("the model restores blurs and not scans; `clearfield apply` restores images with it")
    given = dict(part.strip().partition("=")[::2] for part in scan.split(",") if part.strip())
    if set(given) != set(trained.axes):
        raise ApplyVolumeError(
            f"--scan {scan}: says {', '.join(given) or 'nothing'}; this model takes --scan {example_of(trained)}"
        )
    try:
        chosen = type(trained).model_validate(trained.model_dump() | {axis: [value] for axis, value in given.items()})
    except ValidationError as error:
        raise ApplyVolumeError(f"--scan {scan}: {error.errors()[0]['msg'].lower()}") from None
    for axis in trained.axes:
        known, value = getattr(trained, axis), getattr(chosen, axis)[0]
        if not min(known) <= value <= max(known) and not force:
            raise ApplyVolumeError(
                f"--scan {scan}: {axis} is {value:g}, and the model was trained for {min(known):g} to {max(known):g}; "
                "take another model, or restore all the same with --force"
            )
    return chosen
