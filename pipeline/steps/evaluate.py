"""evaluate: how close one method comes to the truth, item by item, on images that it never saw."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.scoring import COLUMNS, score
from pipeline.evaluation.spaces import spaces_of
from pipeline.evaluation.tissue_scores import tissue_scores
from pipeline.observation import read_observations
from pipeline.progress import progress
from pipeline.splits import Item, read_splits
from pipeline.store import ImageReader, RestoredReader, read_images, read_restored, written_aside

log = logging.getLogger("clearfield")


class EvaluationError(ClearfieldError):
    """A restored set that cannot be judged."""


def evaluate(
    images: Path, splits: Path, degraded: Path, restored: Path, study: Study, condition: str, method: str, out: Path
) -> None:
    """Score every test item of every fold and write one row per item, space and metric to ``out`` (Parquet).

    Parameters
    ----------
    images, splits, degraded, restored : Path
        ``images.h5``, ``splits.csv``, and what was observed and restored under the condition.
    study : Study
    condition, method : str
        What is judged.
    out : Path
        Columns: image, item, group, fold, condition, method, space, metric, value.

    Raises
    ------
    EvaluationError
        If an item is missing, was restored by another fold than the one that never saw it, or nothing is left to judge.
    """
    tested = [item for item in read_splits(splits) if item.role == "test"]
    rows: list[tuple[object, ...]] = []
    with read_images(images) as truths, read_observations(degraded) as observations, read_restored(restored) as results:
        check_restored(tested, results, restored)
        spaces, tissue = spaces_of(study, truths.attributes), study.evaluate.tissue
        brightest = _brightest(tested, truths) if tissue else {}
        for item in progress(tested, f"evaluate {condition} {method}", unit="item"):
            height, width = truths.shape(item.image)[-2:]
            scores = score(
                results.pixels(item.item),
                truths.image(item.image, item.window),
                observations.observation(item.image, item.window, item.fold),
                item,
                (height, width),
                spaces,
                () if tissue else study.evaluate.apertures,
                study.evaluate.detection,
                study.degrade.defects.any,
            )
            if tissue:
                whole = truths.image(item.image, item.window)
                scores += tissue_scores(results.pixels(item.item), whole, tissue, brightest[item.group])
            rows += [(item.image, item.item, item.group, item.fold, condition, method, *s) for s in scores]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    judged = table.loc[table["metric"] == "psnr", "value"].notna()
    if not judged.any():
        raise EvaluationError(
            f"{images}: no trusted pixel is left to judge {method} by under {condition}: all are masked, or nearer to "
            "the border than the PSF reaches; larger images are needed"
        )
    with written_aside(out) as aside:
        table.to_parquet(aside, index=False)
    psnr = np.median(table.loc[table["metric"] == "psnr", "value"].dropna())
    log.info("evaluate %s %s: %d items, median PSNR %.2f dB", condition, method, len(tested), psnr)


def _brightest(tested: list[Item], truths: ImageReader) -> dict[str, float]:
    """By group, the largest trusted value of its truth."""
    found: dict[str, float] = {}
    for item in tested:
        truth = truths.image(item.image, item.window)
        found[item.group] = max(found.get(item.group, 0.0), float(truth.pixels.max(where=~truth.mask, initial=0)))
    return found


def check_restored(tested: list[Item], results: RestoredReader, path: Path) -> None:
    """Refuse a restored set that lacks a test item, or holds one that another fold than its own restored.

    Raises
    ------
    EvaluationError
        If it does.
    """
    if not tested:
        raise EvaluationError(f"{path}: splits.csv gives no item the role `test`; the step `split` writes it anew")
    there = set(results.items)
    for item in tested:
        if item.item not in there:
            raise EvaluationError(
                f"{path}: no item {item.item!r}; delete the file, and the step `restore` writes it anew"
            )
        fold = results.attributes(item.item).get("fold")
        if fold != item.fold:
            raise EvaluationError(
                f"{path}: item {item.item!r} was restored by fold {fold}, but only fold {item.fold} never saw it; "
                "delete the file, and the step `restore` writes it anew"
            )
