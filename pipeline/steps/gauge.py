"""gauge: whether the intervals of the networks hold the truth as often as they say, on images that no fold saw."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.calibration import CONSTANT, PIXELS, Calibration, calibrations_of, read_calibration
from pipeline.evaluation.interval_items import JudgedPixels, RestoredItem, cell_of, judged_pixels, restored_item
from pipeline.evaluation.interval_sources import JudgedSources, constant_name, judged_sources
from pipeline.evaluation.interval_summary import merged
from pipeline.evaluation.interval_sums import interval_sums
from pipeline.evaluation.scene import scene_of
from pipeline.image import Image
from pipeline.observation import Observation, ObservationReader, read_observations
from pipeline.physics import Blur
from pipeline.physics.mistaken import with_width
from pipeline.progress import progress
from pipeline.splits import Item, read_splits
from pipeline.steps.evaluate import check_restored
from pipeline.steps.interval_models import FoldRestorer, ModelFiles, fold_restorer, half_width
from pipeline.steps.restore import seen_of
from pipeline.store import ImageReader, read_images, read_restored, written_aside

log = logging.getLogger("clearfield")

AS_IT_IS = "as it is"
MISTAKEN = {"10% too narrow": 0.9, "10% too wide": 1.1}
"""What a restorer is told of the width of the PSF, besides the truth."""
TRIED, TRIED_AREA = (6, 24), 300_000
"""Items of a condition that are restored once more with a mistaken PSF, at least and at most, and about their area in
px: what it does to coverage shows in a few."""
TOGETHER = 500
"""Tables of sums that are added up at once, so that memory does not grow with the images."""

Table = pd.DataFrame


def gauge(
    images: Path,
    splits: Path,
    degraded: Path,
    restored: list[Path],
    models: list[Path],
    calibrations: list[Path],
    study: Study,
    condition: str,
    out: Path,
) -> None:
    """Judge the intervals of every network under one condition, and write sums over each group to ``out`` (Parquet).

    Parameters
    ----------
    images, splits, degraded : path
        ``images.h5``, ``splits.csv``, and what was observed under the condition.
    restored : list of path
        ``<network>_<output>.h5`` of what has intervals.
    models : list of path
        The networks' files of all folds; some items are restored again, as if the PSF were wider or narrower.
    calibrations : list of path
        ``calibration/<network or specialist>.json``.
    study : Study
    condition : str
    out : path
        Columns: condition, method, psf (what the restorer was told of it), measure, fold, unit, bin, n, and the sums of
        :data:`~pipeline.evaluation.interval_sums.SUMS`.

    Raises
    ------
    EvaluationError
        If an item is missing, or was restored by another fold than the one that never saw it.
    CalibrationError
        If a calibration is missing.
    """
    tested = [item for item in read_splits(splits) if item.role == "test"]
    with ExitStack() as stack:
        truths = stack.enter_context(read_images(images))
        observations = stack.enter_context(read_observations(degraded))
        judge = _Judge(study, condition, truths, observations, ModelFiles(models), calibrations)
        tables: list[Table] = []

        def take(found: Iterable[Table]) -> None:
            tables.extend(found)
            if len(tables) > TOGETHER:
                tables[:] = [merged(tables)]

        for path in restored:
            results = stack.enter_context(read_restored(path))
            check_restored(tested, results, path)
            for item in progress(tested, f"gauge {condition} {path.stem}", unit="item"):
                take(judge.sums(path.stem, item, results.pixels(item.item)))
            if path.stem.endswith("_faithful"):
                for item in _some(tested):
                    take(judge.mistaken_sums(path.stem, item))
    with written_aside(out) as aside:
        merged(tables).to_parquet(aside, index=False)
    log.info("gauge %s: %d items, %d methods", condition, len(tested), len(restored))


def _some(items: list[Item]) -> list[Item]:
    """Some items, evenly spaced over all folds."""
    area = items[0].window.height * items[0].window.width
    count = min(max(TRIED[0], TRIED_AREA // area), TRIED[1], len(items))
    return [items[k * len(items) // count] for k in range(count)]


class _Judge:
    """Judges the intervals of items under one condition."""

    def __init__(
        self,
        study: Study,
        condition: str,
        truths: ImageReader,
        observations: ObservationReader,
        files: ModelFiles,
        calibrations: list[Path],
    ) -> None:
        self._study, self._condition, self._truths, self._observations = study, condition, truths, observations
        self._files, self._cell = files, cell_of([truths.shape(id)[-2:] for id in truths.ids])
        self._calibrations = {path.stem: read_calibration(path) for path in calibrations}
        self._restorers: dict[tuple[str, int], FoldRestorer] = {}

    def sums(self, method: str, item: Item, core: np.ndarray) -> Iterator[Table]:
        """Of an item as it was restored."""
        context, seen = seen_of(self._observations, item)
        made = restored_item(self._by(method, item.fold).estimator, core, seen, item, context)
        yield from self._judged(method, AS_IT_IS, item, made)

    def mistaken_sums(self, method: str, item: Item) -> Iterator[Table]:
        """Of an item that is restored with another PSF than the one that it was seen through."""
        context, seen = seen_of(self._observations, item)
        if not isinstance(seen.operator, Blur):
            return
        for told, factor in MISTAKEN.items():
            mistaken = replace(seen, operator=with_width(seen.operator, factor))
            made = self._by(method, item.fold).restored_by(mistaken, context, item)
            yield from self._judged(method, told, item, made, pixels_only=True)

    def _judged(
        self, method: str, told: str, item: Item, made: RestoredItem, pixels_only: bool = False
    ) -> Iterator[Table]:
        truth = self._truths.image(item.image, item.window)
        seen = self._observations.observation(item.image, item.window, item.fold)
        size = self._truths.shape(item.image)[-2:]
        calibrations = self._of(method, item.fold)
        pixels = judged_pixels(made, truth, item, size, seen.operator.halo, self._cell)
        where = {"condition": self._condition, "method": method, "psf": told}
        yield _labelled(_sums_of_pixels(pixels, calibrations, truth.bands), PIXELS, item, where)
        if not pixels_only and self._study.evaluate.shapes:
            for measure, table in self._sources(made, truth, seen, item, calibrations, size):
                yield _labelled(table, measure, item, where)

    def _sources(
        self,
        made: RestoredItem,
        truth: Image,
        seen: Observation,
        item: Item,
        calibrations: dict[str, Calibration],
        size: tuple[int, int],
    ) -> Iterator[tuple[str, Table]]:
        judged = self._study.evaluate
        scene = scene_of(truth, seen, item, size, judged.apertures, judged.detection)
        if scene is None:
            return
        width = half_width(made, calibrations[PIXELS])
        for found in judged_sources(truth.pixels, made, width, scene, item, self._cell):
            if found.measure in calibrations and constant_name(found) in calibrations:
                yield found.measure, _sums_of_sources(found, calibrations)

    def _by(self, method: str, fold: int) -> FoldRestorer:
        if (method, fold) not in self._restorers:
            network, _, output = method.rpartition("_")
            found = fold_restorer(self._study, self._condition, network, output, self._files, fold)
            self._restorers[method, fold] = found
        return self._restorers[method, fold]

    def _of(self, method: str, fold: int) -> dict[str, Calibration]:
        network, _, output = method.rpartition("_")
        model = self._study.model_for(network, self._condition)
        return calibrations_of(self._calibrations.get(model, {}), model, output, fold)


def _sums_of_pixels(pixels: JudgedPixels, calibrations: dict[str, Calibration], bands: tuple[str, ...]) -> Table:
    softening = np.array(pixels.stretch.softening)[pixels.band]
    plain = [calibrations[f"{CONSTANT}_{band}"] for band in bands]

    def constant(p: float) -> np.ndarray:
        return pixels.restored + softening * np.array([one.at(p)[0] for one in plain])[pixels.band]

    def place(quantile: np.ndarray) -> np.ndarray:
        return pixels.value(pixels.estimate + quantile * pixels.spread)

    return interval_sums(
        pixels.truth, pixels.score, pixels.snr, pixels.unit, pixels.units, calibrations[PIXELS], place, constant
    )


def _sums_of_sources(found: JudgedSources, calibrations: dict[str, Calibration]) -> Table:
    plain = calibrations[constant_name(found)]

    def constant(p: float) -> np.ndarray:
        return found.restored + found.scale * plain.at(p)[0]

    def place(quantile: np.ndarray) -> np.ndarray:
        return found.restored + quantile * found.spread

    return interval_sums(
        found.truth, found.score, found.snr, found.unit, found.units, calibrations[found.measure], place, constant
    )


def _labelled(table: Table, measure: str, item: Item, where: dict[str, str]) -> Table:
    return table.assign(**where, measure=measure, fold=item.fold)
