"""implant: lesions in held-out slices, and what a reader sees of them in what one method makes of their scans."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Lesion, ScanCondition, Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.lesion_summary import UNDEGRADED
from pipeline.evaluation.lesions import Disk, amplitude, patches, places, with_lesions
from pipeline.image import Image, Pixels
from pipeline.measures.disk_response import disk_power, response
from pipeline.measures.model_observer import readings
from pipeline.observation import Observation
from pipeline.physics.noise import addressed_random
from pipeline.progress import progress
from pipeline.restorers.restorer import Restorer
from pipeline.splits import Item, items_of, read_splits
from pipeline.steps.restore import restorer_for
from pipeline.steps.scan_slice import in_mm, scan_slice
from pipeline.store import ImageReader, read_images, written_aside
from pipeline.tiling import Window

log = logging.getLogger("clearfield")

TOGETHER = 16
"""Slices that are restored at once."""
AS_WIDE = 1.01
"""How many times as wide as others pixels may be for one reader."""


class ImplantError(ClearfieldError):
    """A study into whose slices no lesion can be put."""


def implant(
    images: Path,
    splits: Path,
    study: Study,
    condition: str,
    method: str,
    tuned: Path | None,
    models: Sequence[Path],
    out: Path,
) -> None:
    """Write to ``out`` (Parquet) what a reader sees at the places of lesions, with and without them.

    Each held-out slice is scanned without lesions and with those of each contrast, with noise of its own, and restored
    by the fold that never saw it. Of the method ``degraded`` there are rows of ``undegraded`` too: what the scanner
    gives when nothing is saved.

    Parameters
    ----------
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    study : Study
        With ``evaluate.tissue.lesion``.
    condition, method : str
    tuned, models
        See :func:`pipeline.steps.restore.restore`.
    out : Path
        A row for each lesion and contrast: group, item, fold, lesion, condition, method, patch_px and patch_mm (its
        patch's width), contrast, recovered (share of the contrast that is left), and numbered columns: readings of the
        channels with it (present) and without (absent), transfer and power of the difference, and power of the disk.
        No row where no lesion fits.

    Raises
    ------
    ImplantError
        If the study asks for no lesions, is not one of a scanner, or nobody knows how wide its pixels are, or slices
        have pixels of several widths.
    """
    settings, scan, cell = study.evaluate.lesion, study.degrade.scan, study.condition(condition)
    if settings is None or scan is None or not isinstance(cell, ScanCondition):
        raise ImplantError(
            f"the study {study.study} puts no lesions into slices; set evaluate.tissue.lesion, and degrade.ct or "
            "degrade.mri"
        )
    scans = {method: cell}
    if method == "degraded":
        scans[UNDEGRADED] = ScanCondition(name=UNDEGRADED, scan=scan.undegraded())
    rows, items, contrasts = [pd.DataFrame()], read_splits(splits), settings.contrasts
    with read_images(images) as truths:
        _refuse_several_widths([item for item in items if item.role == "test"], truths, settings, study)
        for fold in range(study.split.folds):
            restorer = restorer_for(study, condition, method, tuned, models, fold)
            tested = items_of(items, fold, "test")
            for some in progress([*_batches(tested)], f"implant {method} fold {fold}", unit="batch"):
                every = (_specimen(truths.image(item.image, item.window), item, settings, study) for item in some)
                specimens = [one for one in every if one.where]
                if not specimens:
                    continue
                for name, seen_by in scans.items():
                    known = {"condition": condition, "method": name}
                    made = _restored(specimens, contrasts, study, seen_by, restorer)
                    rows += [_rows(one, restored, contrasts, known) for one, restored in made]
    table = pd.concat(rows, ignore_index=True)
    with written_aside(out) as aside:
        table.to_parquet(aside, index=False)
    log.info("implant %s %s: %d lesions", condition, method, len(table) // (len(scans) * len(contrasts)))


@dataclass(frozen=True)
class _Specimen:
    """A slice, and where lesions fit into it."""

    item: Item
    truth: Image
    pixel_mm: float
    disk: Disk
    where: list[tuple[int, int]]


def _refuse_several_widths(tested: Sequence[Item], truths: ImageReader, settings: Lesion, study: Study) -> None:
    """A reader learns on one grid what lesions look like."""
    corners = (truths.image(item.image, Window(0, 0, 1, 1)) for item in tested)
    widths = sorted({width for corner in corners if (width := in_mm(corner, study).pixel_mm) is not None})
    if len({Disk.of(settings, width).patch for width in widths}) > 1 or (widths and widths[-1] > AS_WIDE * widths[0]):
        raise ImplantError(
            f"slices have pixels of {widths[0]:.4g} to {widths[-1]:.4g} mm, and a reader learns lesions on one grid; "
            "resample the slices, or leave evaluate.tissue.lesion out"
        )


def _specimen(truth: Image, item: Item, settings: Lesion, study: Study) -> _Specimen:
    pixel = in_mm(truth, study).pixel_mm
    if pixel is None:
        raise ImplantError(
            f"{truth.id}: the width of its pixels in mm is not known, and lesions have a diameter; set images.pixel_mm"
        )
    disk, random = Disk.of(settings, pixel), addressed_random(study.seed, item.item, "lesions")
    return _Specimen(item, truth, pixel, disk, places(truth, disk, settings.inside, settings.most, random))


def _restored(
    specimens: Sequence[_Specimen], contrasts: Sequence[float], study: Study, scan: ScanCondition, restorer: Restorer
) -> Iterator[tuple[_Specimen, list[Pixels]]]:
    """What each becomes without lesions, and with those of each contrast."""
    seen: list[Observation] = []
    for one in specimens:
        scenes = [one.truth, *(with_lesions(one.truth, one.disk, contrast, one.where) for contrast in contrasts)]
        # Noise follows from the name.
        named = (replace(scene, id=f"{one.item.item} scan {number}") for number, scene in enumerate(scenes))
        seen += [scan_slice(scene, study, scan) for scene in named]
    restored = [image.pixels for image in restorer.restore_all(seen)]
    count = 1 + len(contrasts)
    for number, one in enumerate(specimens):
        yield one, restored[number * count : (number + 1) * count]


def _rows(one: _Specimen, restored: list[Pixels], contrasts: Sequence[float], known: dict[str, str]) -> pd.DataFrame:
    disk, without = one.disk, patches(restored[0], one.disk, one.where)
    place = {"group": one.item.group, "item": one.item.item, "fold": one.item.fold, "lesion": np.arange(len(without))}
    size = {"patch_px": disk.patch, "patch_mm": disk.patch * one.pixel_mm}
    tables = []
    for contrast, pixels in zip(contrasts, restored[1:]):
        within = patches(pixels, disk, one.where)
        transfer, power = response(within - without, contrast * disk.cover)
        read = {
            "absent": readings(without),
            "present": readings(within),
            "transfer": transfer,
            "power": power,
            "disk": np.tile(disk_power(contrast * disk.cover), (len(without), 1)),
        }
        columns = {f"{name}_{k}": column for name, table in read.items() for k, column in enumerate(table.T)}
        recovered = amplitude(within - without, disk) / contrast
        tables.append(pd.DataFrame(place | known | size | {"contrast": contrast, "recovered": recovered} | columns))
    return pd.concat(tables)


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), TOGETHER):
        yield items[start : start + TOGETHER]
