"""tune: the settings of a classical restorer that are best on the tune role of each fold, under one condition."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import Study
from pipeline.evaluation.scoring import inner_window
from pipeline.evaluation.spaces import Space, spaces_of
from pipeline.image import Image
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.observation import ObservationReader, read_observations
from pipeline.progress import progress
from pipeline.restorers import CLASSICAL, tuning
from pipeline.restorers.restorer import Settings
from pipeline.restorers.tuning import Trial
from pipeline.splits import Item, items_of, read_splits
from pipeline.steps.denoisers import denoiser_of
from pipeline.steps.instrument import context_of
from pipeline.store import ImageReader, read_images, written_aside

log = logging.getLogger("clearfield")

MOST_TRIALS = 24
"""Items to tune by: a setting or two are well fixed by a few million pixels, and all trials are in memory at once."""
MOST_SCENES = 256
"""Items of the train role from which power spectra are learned."""


def tune(
    images: Path,
    splits: Path,
    degraded: Path,
    study: Study,
    method: str,
    out: Path,
    denoisers: Sequence[Path] = (),
) -> None:
    """Write the best settings of a classical method in each fold to ``out`` (JSON).

    Of the truth, the tune role scores and the train role gives power spectra; of the observations, the tune role's
    items are read with their guard. PSNR is taken in the first space of ``evaluate.spaces``.

    Parameters
    ----------
    images, splits, degraded : path
        ``images.h5``, ``splits.csv``, and the observations of one condition.
    study : Study
    method : str
        A classical method.
    out : path
        ``tuned/<condition>/<method>.json``: method, condition, and for each fold settings, psnr (dB) and tried.
    denoisers : sequence of path
        A model for each fold, in order, for a method that needs a denoiser; its hash is kept among the settings.

    Raises
    ------
    DenoiserError
        If a method needs denoisers, and these are not those of the folds.
    TuningError
        If a fold has no item to tune by.
    CrossPowerError
        If a fold has no item to learn power spectra from.
    """
    rows = read_splits(splits)
    folds = {}
    with read_images(images) as truths, read_observations(degraded) as observations:
        condition = observations.attributes["condition"]
        for fold in progress(range(study.split.folds), f"tune {condition} {method}", unit="fold"):
            started = time.monotonic()
            known, kept = _denoiser(method, denoisers, fold, study)
            best = _tuned(method, rows, fold, truths, observations, study, known)
            folds[str(fold)] = {"settings": best.settings | kept, "psnr": best.psnr, "tried": best.tried}
            seconds = time.monotonic() - started
            found = f"{best.psnr:.2f} dB, {_shown(best)}"
            log.info("tune %s %s fold %d: %s, %.1f s", condition, method, fold, found, seconds)
    with written_aside(out) as aside:
        aside.write_text(json.dumps({"method": method, "condition": condition, "folds": folds}, indent=1) + "\n")


def _denoiser(method: str, denoisers: Sequence[Path], fold: int, study: Study) -> tuple[Settings, Settings]:
    """Which denoiser a method restores with, and what of that is kept: where files lie may change."""
    if not CLASSICAL[method].denoises:
        return {}, {}
    path, weights = denoiser_of(denoisers, fold, study.split.folds)
    return {"denoiser": str(path)}, {"denoiser": weights}


def _tuned(
    method: str,
    rows: list[Item],
    fold: int,
    truths: ImageReader,
    observations: ObservationReader,
    study: Study,
    known: Settings,
) -> tuning.Tuned:
    restorer = CLASSICAL[method]
    scenes = _spread(items_of(rows, fold, "train"), MOST_SCENES)
    learned = known | restorer.learned(truths.image(item.image, item.window) for item in scenes)
    trials = [_trial(item, truths, observations) for item in _spread(items_of(rows, fold, "tune"), MOST_TRIALS)]
    space = _space(study, truths.attributes, trials)
    return tuning.tune(restorer, trials, learned, space.data_range, space.apply)


def _trial(item: Item, truths: ImageReader, observations: ObservationReader) -> Trial:
    operator = observations.observation(item.image, item.window, item.fold).operator
    context = context_of(item, operator)
    truth: Image = truths.image(item.image, item.window)
    height, width = truths.shape(item.image)[-2:]
    left_out = np.ones_like(truth.mask)
    scored = (..., *inner_window(item.window, (height, width), operator.halo).slices)
    left_out[scored] = truth.mask[scored]
    core = item.window.relative_to(context)
    return Trial(observations.observation(item.image, context, item.fold), truth.pixels, core, left_out)


def _space(study: Study, attributes: dict[str, Any], trials: Sequence[Trial]) -> Space:
    if study.evaluate.spaces[0] == "asinh" and trials:
        # Softened by the sky, which is measured on the tune role alone: the study's own has seen what is held out.
        bands = range(len(trials[0].truth))
        sky = [sky_level_and_sigma(np.concatenate([_trusted(trial, band) for trial in trials])) for band in bands]
        attributes = attributes | {"sky": [level for level, _ in sky], "sky_sigma": [sigma for _, sigma in sky]}
    return spaces_of(study, attributes)[0]


def _trusted(trial: Trial, band: int) -> np.ndarray:
    return trial.truth[band][~trial.left_out[band]]


def _spread(items: list[Item], most: int) -> list[Item]:
    """At most so many items, evenly spaced over the table."""
    if len(items) <= most:
        return items
    return [items[k * len(items) // most] for k in range(most)]


def _shown(best: tuning.Tuned) -> str:
    numbers = [f"{name} {value:g}" for name, value in best.settings.items() if isinstance(value, int | float)]
    return ", ".join(numbers) or "nothing to set"
