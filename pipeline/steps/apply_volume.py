"""apply-volume: a user's own volume, restored slice by slice by a model of a scanner; geometry is kept."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError

from pipeline.config import Scan
from pipeline.errors import ClearfieldError
from pipeline.formats.volumes import is_nifti, open_volume, write_volume
from pipeline.image import Image, Pixels
from pipeline.measures.background import take_off_background
from pipeline.model_file import read_model
from pipeline.observation import Observation
from pipeline.physics.scanners import scanner_for
from pipeline.progress import progress
from pipeline.restorers.network import NetworkRestorer
from pipeline.steps.model_scan import example_of, scan_of

log = logging.getLogger("clearfield")

NAME = "the volume"
"""What errors and logs call it: its path may name a patient."""


class ApplyVolumeError(ClearfieldError):
    """A volume that a model cannot restore, or a scan that it was not trained for."""


def apply_volume(model: Path, volume: Path, out: Path, scan: str, force: bool = False, tile: int = 512) -> None:
    """Restore the slices of a volume.

    Files hold images and not what the scanner measured, so each slice is taken for what it would show if the scanner of
    the model's study had made it: its data are made from it anew, and the network sees these.

    Parameters
    ----------
    model : path
        What ``publish`` wrote, of a study with a scanner.
    volume : path
        A NIfTI file, a DICOM file, or a folder with a DICOM series.
    out : path
        ``.nii`` or ``.nii.gz``, or for DICOM a folder that is not there yet.
    scan : str
        How the slices were scanned, as ``dose=0.25,views=180`` or ``acceleration=4,sigma=5``: a value for each axis of
        the model's conditions.
    force : bool
        Restore although a value is outside of what the model was trained for.
    tile : int
        Width in px of what the network restores at a time.

    Raises
    ------
    ApplyVolumeError
        If the model is of no scanner, or was trained for other scans, bands or units.
    FormatError, VolumeError, ModelFileError, ScannerError
    """
    restorer = NetworkRestorer(read_model(model), tile)
    card = restorer.model.card
    settings = _settings(card, scan, force)
    reading = card["reading"]
    opened = open_volume(volume, NAME, unit=reading["unit"] if is_nifti(volume) else None)
    if opened.unit != card["unit"]:
        raise ApplyVolumeError(f"{NAME}: is in {opened.unit}, and the model was trained in {card['unit']}; convert it")
    if opened.shape[0] != len(card["bands"]):
        raise ApplyVolumeError(f"{NAME}: has {opened.shape[0]} channels, and the model {len(card['bands'])}")
    _, row, column = opened.spacing
    pixels: Pixels = np.empty(opened.shape, np.float32)
    mask = np.empty(opened.shape, bool)
    for number in progress(range(opened.shape[1]), "restore", opened.shape[1], "slice"):
        slice = replace(opened.slice(number), pixel_mm=(row * column) ** 0.5)
        given = take_off_background(slice, reading["background"], reading["background_box"])
        restored = restorer.restore(_as_scanned(given, settings, number))
        taken_off = 0 if given.background is None else given.background
        # What was not measured stays as it was.
        pixels[:, number] = np.where(slice.mask, slice.pixels, restored.pixels + taken_off)
        mask[:, number] = slice.mask
    name = f"{card['network']}_{card['output']} {restorer.model.hash}"
    write_volume(out, opened.with_values(pixels, mask), f"restored by Clearfield, {name}, {scan}")
    log.info("apply-volume %s: %d slices of %d x %d px, %s", name, *opened.shape[1:], scan)


def _as_scanned(slice: Image, settings: Scan, number: int) -> Observation:
    operator = scanner_for(settings, slice).of(settings, NAME, number)
    body = torch.from_numpy(slice.pixels).clamp_min(0).masked_fill(torch.from_numpy(slice.mask), 0)[None]
    data = operator.forward(body)
    sigma = operator.preview_sigma(operator.noise.told_sigma(data))[0].float().expand(slice.shape)
    return Observation(replace(slice, sigma=sigma.contiguous().numpy()), operator, data[0].float().contiguous().numpy())


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
