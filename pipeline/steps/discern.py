"""discern: whether classifiers can tell what a method restored from real images, beside real against real."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.patches import Patches, Sample
from pipeline.evaluation.real_or_restored import Verdict, parts_of, rounds, tell_apart
from pipeline.evaluation.summary import best_classical
from pipeline.evaluation.tuned_scores import tuned_psnr
from pipeline.progress import progress
from pipeline.splits import read_splits
from pipeline.store import read_images, read_restored, written_aside

log = logging.getLogger("clearfield")


class DiscernError(ClearfieldError):
    """Restored images that cannot be set against real ones."""


def discern(
    images: Path, splits: Path, restored: list[Path], tuned: list[Path], study: Study, condition: str, out: Path
) -> None:
    """Write a row per method, judge and round to ``out`` (Parquet): condition, method, judge, round, value.

    Judged are the networks' outputs and the classical method that was best on the tune role; in the rows of the method
    ``real``, real patches stand against other real ones. Patches are of test items alone, restored by the fold that
    never saw them, and no classifier judges a group, or a block of one large image, that it learned from. Where a study
    is too small for that, the table is empty.

    Parameters
    ----------
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    restored : list of Path
        ``<method>.h5`` of the condition; methods that are not judged may be among them.
    tuned : list of Path
        ``<method>.json`` of the condition.
    study : Study
    condition : str
    out : Path

    Raises
    ------
    ConfigError
        If the study has no such condition.
    DiscernError
        If no classical method was tuned under it, or a restored image of a method that is to be judged is missing or
        not finite.
    """
    study.condition(condition)
    psnr = tuned_psnr(tuned)
    if not any((condition, m) in psnr for m in study.methods):
        raise DiscernError(f"{condition}: no classical method was tuned under it; the step `tune` does that")
    reference = best_classical({m: psnr[condition, m] for m in study.methods if (condition, m) in psnr})
    files = {path.stem: path for path in restored}
    methods = [reference, *study.network_methods]
    for method in methods:
        if method not in files:
            raise DiscernError(f"{condition}: no restored images of {method}; the step `restore` writes them")
    with read_images(images) as truth:
        sample = Sample(truth, [item for item in read_splits(splits) if item.role == "test"], study.seed)
    parts = parts_of(sample.items)
    verdicts: list[Verdict] = []
    if len(parts):
        made: dict[str, Callable[[], Patches]] = {m: partial(_restored, sample, files[m]) for m in methods}
        found = tell_apart(sample.real, made, parts, (study.seed, condition))
        verdicts += progress(found, f"discern {condition}", rounds(len(methods)), "round")
    table = pd.DataFrame(verdicts, columns=list(Verdict._fields))
    table.insert(0, "condition", condition)
    with written_aside(out) as aside:
        table.to_parquet(aside, index=False)
    log.info("discern %s: %s", condition, _in_words(table))


def _restored(sample: Sample, path: Path) -> Patches:
    with read_restored(path) as made:
        patches = sample.restored(made)
    if not np.isfinite(patches).all():
        raise DiscernError(f"{path}: holds NaN or infinite values; delete it, and the step `restore` writes it anew")
    return patches


def _in_words(table: pd.DataFrame) -> str:
    if not len(table):
        return "too few patches to learn from, nothing was told apart"
    strong = table[table["judge"] == "strong"].groupby("method", sort=False)["value"].mean()
    return ", ".join(f"{method} {area:.2f}" for method, area in strong.items()) + " (0.5 is a guess)"
