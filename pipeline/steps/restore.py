"""restore: every image by the fold that never saw it, with one method, under one condition."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.image import Pixels
from pipeline.observation import Observation, ObservationReader, read_observations
from pipeline.progress import progress
from pipeline.restorers import CLASSICAL, classical
from pipeline.restorers.data_consistency import DataConsistent
from pipeline.restorers.network import NetworkRestorer
from pipeline.restorers.restorer import Restorer, Settings
from pipeline.splits import Item, items_of, read_splits
from pipeline.steps.denoisers import denoiser_of
from pipeline.steps.instrument import context_of
from pipeline.store import write_restored
from pipeline.tiling import Window

log = logging.getLogger("clearfield")


MOST_AT_ONCE = 2**20
"""Pixels of the items that are in memory together; a larger one is there alone."""


class RestoreError(ClearfieldError):
    """Models that are not those of the folds."""


def restore(
    degraded: Path, splits: Path, study: Study, method: str, tuned: Path | None, models: Sequence[Path], out: Path
) -> None:
    """Write the restored core of every test item of every fold.

    Parameters
    ----------
    degraded, splits : path
        Observations of one condition, and ``splits.csv``.
    study : Study
    method : str
        A classical method or ``<network>_<output>``.
    tuned : path, optional
        Settings per fold, for a classical method.
    models : sequence of path
        Model per fold, in the order of the folds, for a network; denoisers, for a method that needs them.
    out : path
        ``restored/<condition>/<method>.h5``.

    Raises
    ------
    DenoiserError
        If a method needs denoisers, and these are not those of the folds.
    RestoreError
        If the study has no such method, its settings are missing, there is not one model for each fold, or one is not
        the method's for this condition, or was trained on another fold and may have seen what it is to restore.
    """
    rows = read_splits(splits)
    begin, count = time.monotonic(), 0
    with read_observations(degraded) as observations, write_restored(out, method=method) as results:
        condition = str(observations.attributes["condition"])
        for fold in range(study.split.folds):
            restorer = restorer_for(study, condition, method, tuned, models, fold)
            tested = items_of(rows, fold, "test")
            for some in progress([*_together(tested)], f"restore {method} fold {fold}", unit="batch"):
                started = time.monotonic()
                cores = _cores(restorer, observations, some)
                each = round((time.monotonic() - started) / len(some), 4)
                for item, pixels in zip(some, cores):
                    results.append(item.item, pixels, fold=fold, seconds=each)
            count += len(tested)
    log.info("restore %s %s: %d items in %.1f s", condition, method, count, time.monotonic() - begin)


def restorer_for(
    study: Study, condition: str, method: str, tuned: Path | None, models: Sequence[Path], fold: int
) -> Restorer:
    """The method of one fold; see :func:`restore`."""
    if method not in study.all_methods:
        raise RestoreError(f"no method is called {method!r}; the study has {', '.join(study.all_methods)}")
    if method in study.methods:
        settings = _settings(method, tuned, fold)
        if CLASSICAL[method].denoises:
            settings = settings | _denoiser(settings, tuned, models, fold, study)
        return classical(method, settings)
    if len(models) != study.split.folds:
        raise RestoreError(f"{method}: {len(models)} models for {study.split.folds} folds; one for each is needed")
    restorer = NetworkRestorer(models[fold], study.restore.tile)
    network, _, output = method.rpartition("_")
    card = restorer.model.card
    wanted, found = study.model_for(network, condition), card["network"]
    if found != wanted:
        raise RestoreError(
            f"{models[fold]}: is a model of {found}, and {condition} is restored by {wanted}; give its models"
        )
    if card["output"] != output:
        raise RestoreError(
            f"{models[fold]}: makes the output {card['output']}, and {method} is asked for; give its models"
        )
    trained = card["fold"]
    if trained != fold:
        raise RestoreError(
            f"{models[fold]}: was trained for fold {trained} and stands in the place of fold {fold}; give the models "
            "in the order of the folds, so that none restores what it has seen"
        )
    return corrected(restorer, study)


def corrected(restorer: NetworkRestorer, study: Study) -> Restorer:
    """A network as the study uses it: by default corrected where the data contradict it."""
    return DataConsistent(restorer) if study.restore.data_consistency and not restorer.clipped else restorer


def _denoiser(settings: Settings, tuned: Path | None, models: Sequence[Path], fold: int, study: Study) -> Settings:
    """The denoiser that a method was tuned with on a fold."""
    path, weights = denoiser_of(models, fold, study.split.folds)
    if settings.get("denoiser") != weights:
        raise RestoreError(f"{path}: is not the denoiser that {tuned} was tuned with; tune the method anew")
    return {"denoiser": str(path)}


def _settings(method: str, tuned: Path | None, fold: int) -> Settings:
    """What a classical method was tuned to on a fold."""
    if tuned is None:
        if not CLASSICAL[method].searched:
            return {}
        raise RestoreError(f"{method}: has to be tuned; give --tuned, the file that the step `tune` writes for it")
    try:
        found: Settings = json.loads(tuned.read_text())["folds"][str(fold)]["settings"]
    except OSError as error:
        raise RestoreError(f"{tuned}: cannot be read ({error.strerror}); the step `tune` writes it") from None
    except (ValueError, KeyError, TypeError):
        raise RestoreError(
            f"{tuned}: does not hold settings for fold {fold}; delete it, and the step `tune` writes it anew"
        ) from None
    return found


def seen_of(observations: ObservationReader, item: Item) -> tuple[Window, Observation]:
    """What a restorer is given of an item: its window with the guard around it, and what was observed there."""
    context = context_of(item, observations.observation(item.image, Window(0, 0, 1, 1), item.fold).operator)
    seen = observations.observation(item.image, context, item.fold)
    # By its own name, so that a network that draws draws other noise in every block of an image.
    return context, replace(seen, preview=replace(seen.preview, id=item.item.replace("/", " ")))


def _together(items: list[Item]) -> Iterator[list[Item]]:
    """Items in their order, as many at once as memory holds."""
    some: list[Item] = []
    for item in items:
        area = sum(i.window.height * i.window.width for i in [*some, item])
        if some and area > MOST_AT_ONCE:
            yield some
            some = []
        some.append(item)
    if some:
        yield some


def _cores(restorer: Restorer, observations: ObservationReader, items: list[Item]) -> list[Pixels]:
    """Restore each item from its window and the guard around it, and keep the window."""
    contexts, seen = zip(*(seen_of(observations, item) for item in items))
    return [
        image.pixels[(..., *item.window.relative_to(context).slices)]
        for image, item, context in zip(restorer.restore_all(seen), items, contexts)
    ]
