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
from pipeline.evaluation.lesions import Disk, amplitude, patches, places, with_lesions
from pipeline.image import Image, Pixels
from pipeline.measures.model_observer import readings
from pipeline.observation import Observation
from pipeline.physics.noise import addressed_random
from pipeline.progress import progress
from pipeline.restorers.restorer import Restorer
from pipeline.splits import Item, items_of, read_splits
from pipeline.steps.restore import restorer_for
from pipeline.steps.scan_slice import in_mm, scan_slice
from pipeline.store import read_images, written_aside

log = logging.getLogger("clearfield")

UNDEGRADED = "undegraded"
"""In the place of a method: the image made without a prior of a scan that was not degraded."""
WITHOUT, WITH = "without", "with"
TOGETHER = 16
"""Slices that are restored at once."""


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

    Each held-out slice is scanned twice, with noise of its own, and restored by the fold that never saw it. Of the
    method ``degraded`` there are rows of ``undegraded`` too: what the scanner gives when nothing is saved.

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
        Columns: group, fold, condition, method, lesion, kind (with or without), contrast (that was put in),
        amplitude (of the lesion's disk) and a reading for each channel. No row where no lesion fits.

    Raises
    ------
    ImplantError
        If the study asks for no lesions, or is not one of a scanner.
    """
    settings, scan, cell = study.evaluate.lesion, study.degrade.scan, study.condition(condition)
    if settings is None or scan is None or not isinstance(cell, ScanCondition):
        raise ImplantError(
            f"the study {study.study} puts no lesions into slices; set evaluate.tissue.lesion, and degrade.ct or "
            "degrade.mri"
        )
    scans = {method: cell} | (
        {UNDEGRADED: ScanCondition(name=UNDEGRADED, scan=scan.undegraded())} if method == "degraded" else {}
    )
    rows, items = [pd.DataFrame()], read_splits(splits)
    with read_images(images) as truths:
        for fold in range(study.split.folds):
            restorer = restorer_for(study, condition, method, tuned, models, fold)
            tested = items_of(items, fold, "test")
            for some in progress([*_batches(tested)], f"implant {method} fold {fold}", unit="batch"):
                specimens = [_specimen(truths.image(item.image, item.window), item, settings, study) for item in some]
                specimens = [one for one in specimens if one.where]
                for name, seen_by in scans.items():
                    rows += [
                        _rows(one, restored, name, condition)
                        for one, restored in _restored(specimens, study, seen_by, restorer)
                    ]
    table = pd.concat(rows, ignore_index=True)
    with written_aside(out) as aside:
        table.to_parquet(aside, index=False)
    log.info("implant %s %s: %d lesions", condition, method, len(table) // 2 // len(scans))


@dataclass(frozen=True)
class _Specimen:
    """A slice, and where lesions fit into it."""

    item: Item
    truth: Image
    disk: Disk
    where: list[tuple[int, int]]


def _specimen(truth: Image, item: Item, settings: Lesion, study: Study) -> _Specimen:
    pixel = in_mm(truth, study).pixel_mm
    if pixel is None:
        raise ImplantError(
            f"{truth.id}: the width of its pixels in mm is not known, and lesions have a diameter; set images.pixel_mm"
        )
    disk, random = Disk.of(settings, pixel), addressed_random(study.seed, item.item, "lesions")
    return _Specimen(item, truth, disk, places(truth, disk, settings.inside, settings.most, random))


def _restored(
    specimens: Sequence[_Specimen], study: Study, condition: ScanCondition, restorer: Restorer
) -> Iterator[tuple[_Specimen, dict[str, Pixels]]]:
    """What each becomes without and with its lesions."""
    seen: list[Observation] = []
    for one in specimens:
        changed = with_lesions(one.truth, one.disk, one.where)
        for kind, scene in ((WITHOUT, one.truth), (WITH, changed)):
            # Noise follows from the name.
            named = replace(scene, id=f"{one.item.item} {kind} lesions")
            seen.append(scan_slice(named, study, condition))
    restored = [image.pixels for image in restorer.restore_all(seen)]
    for one, absent, present in zip(specimens, restored[::2], restored[1::2]):
        yield one, {WITHOUT: absent, WITH: present}


def _rows(one: _Specimen, restored: dict[str, Pixels], method: str, condition: str) -> pd.DataFrame:
    tables = []
    known = {"group": one.item.group, "item": one.item.item, "fold": one.item.fold, "condition": condition}
    known |= {"method": method, "contrast": one.disk.contrast}
    for kind, pixels in restored.items():
        seen = patches(pixels, one.disk, one.where)
        column = {"lesion": np.arange(len(seen)), "kind": kind, "amplitude": amplitude(seen, one.disk)}
        tables.append(pd.DataFrame(known | column | {f"reading_{k}": each for k, each in enumerate(readings(seen).T)}))
    return pd.concat(tables)


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), TOGETHER):
        yield items[start : start + TOGETHER]
