"""restore: every image by the fold that never saw it, with one method, under one condition."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from pipeline.config import Study
from pipeline.progress import progress
from pipeline.restorers import classical
from pipeline.restorers.network import NetworkRestorer
from pipeline.restorers.restorer import Restorer
from pipeline.splits import Item, items_of, read_splits
from pipeline.steps.instrument import guard_for
from pipeline.store import ObservationReader, read_observations, write_restored

log = logging.getLogger("clearfield")


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
        Model per fold, in the order of the folds, for a network.
    out : path
        ``restored/<condition>/<method>.h5``.
    """
    rows = read_splits(splits)
    begin, count = time.monotonic(), 0
    with read_observations(degraded) as observations, write_restored(out, method=method) as results:
        for fold in range(study.split.folds):
            restorer = _restorer(study, method, tuned, models, fold)
            for item in progress(items_of(rows, fold, "test"), f"restore {method} fold {fold}", unit="item"):
                started = time.monotonic()
                pixels = _core(restorer, observations, item)
                results.append(item.item, pixels, fold=fold, seconds=round(time.monotonic() - started, 4))
                count += 1
        condition = observations.attributes["condition"]
    log.info("restore %s %s: %d items in %.1f s", condition, method, count, time.monotonic() - begin)


def _restorer(study: Study, method: str, tuned: Path | None, models: Sequence[Path], fold: int) -> Restorer:
    if method in study.methods:
        folds = json.loads(tuned.read_text())["folds"] if tuned else {}
        return classical(method, folds[str(fold)]["settings"] if folds else {})
    return NetworkRestorer(models[fold], study.restore.tile)


def _core(restorer: Restorer, observations: ObservationReader, item: Item):  # noqa: ANN202
    """Restore an item from its window and the guard around it, and keep the window."""
    halo = observations.observation(item.image, item.window).operator.halo
    context = item.window.grown(guard_for(2 * halo + 1))
    restored = restorer.restore(observations.observation(item.image, context))
    return restored.pixels[(..., *item.window.relative_to(context).slices)]
