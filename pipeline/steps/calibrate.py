"""calibrate: how far a network's images were off on items that neither training nor tuning saw, as quantiles."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pipeline.config import ConfigError, Study
from pipeline.evaluation.calibration import (
    CONSTANT,
    PIXELS,
    Calibration,
    CalibrationError,
    CalibrationScores,
)
from pipeline.evaluation.interval_items import RestoredItem, cell_of, count_pixels, judged_pixels
from pipeline.evaluation.interval_sources import count_sources, judged_sources
from pipeline.evaluation.scene import scene_of
from pipeline.observation import Observation, ObservationReader, read_observations
from pipeline.progress import progress
from pipeline.splits import FINAL, Item, items_of, read_splits
from pipeline.steps.interval_models import FoldRestorer, ModelFiles, fold_restorer, half_width
from pipeline.store import ImageReader, read_images, written_aside
from pipeline.tiling import Window

log = logging.getLogger("clearfield")


def calibrate(
    images: Path, splits: Path, degraded: list[Path], models: list[Path], study: Study, model: str, out: Path
) -> None:
    """Write the quantiles of a network's errors on the calibrate role, in units of their spread, to ``out`` (JSON).

    All conditions that the network serves are taken together, since a user's image is of none of them but lies between
    them; how intervals do under each, the step `gauge` says. ``final`` takes all folds together, for the network that
    is trained on every group: it has none left, and those of the folds are its like.

    Parameters
    ----------
    images, splits : path
        ``images.h5`` and ``splits.csv``.
    degraded : list of path
        ``<condition>.h5`` of every condition that the network serves.
    models : list of path
        The network's files of all folds, its spread network's among them.
    study : Study
    model : str
        Name of a network, or of a specialist, ``<network>@<condition>``.
    out : path
        ``calibration/<model>.json``: network, counted (what counted as a group), folds (for each fold, and ``final``,
        for each output, for each thing that has intervals: quantiles by bin, and what they rest on).

    Raises
    ------
    ConfigError
        If the study asks for no intervals of that network.
    CalibrationError
        If nothing is left to calibrate by.
    """
    network, _ = study.seen_by(model)
    if network not in study.interval_networks:
        raise ConfigError(f"{network} gets no intervals; set its spread.steps and split.calibrate above 0")
    outputs = study.networks[network].with_intervals
    scores: dict[str, list[CalibrationScores]] = {output: [] for output in outputs}
    folds: dict[str, Any] = {}
    with ExitStack() as stack:
        truths = stack.enter_context(read_images(images))
        rows, cell = read_splits(splits), cell_of([truths.shape(id)[-2:] for id in truths.ids])
        bands = truths.image(truths.ids[0], Window(0, 0, 1, 1)).bands
        observed = [stack.enter_context(read_observations(path)) for path in degraded]
        for fold in range(study.split.folds):
            items = items_of(rows, fold, "calibrate")
            folds[str(fold)] = {}
            for output in outputs:
                made = _Role(study, network, output, ModelFiles(models), fold, items, truths, cell)
                found = made.scores(observed)
                scores[output].append(found)
                folds[str(fold)][output] = _written(found, bands, images)
    folds[FINAL] = {
        output: _written(CalibrationScores.together(found), bands, images) for output, found in scores.items()
    }
    counted = f"squares of {cell} px" if cell else "groups"
    with written_aside(out) as aside:
        aside.write_text(json.dumps({"network": model, "counted": counted, "folds": folds}, indent=1) + "\n")
    notes = folds[FINAL][outputs[0]][PIXELS]["notes"]
    borrowed = [name for name, note in notes.items() if note["borrowed"]]
    short = f"; too few groups of their own: S/N {', '.join(borrowed)}" if borrowed else ""
    log.info("calibrate %s: %d %s%s", model, notes["all"]["groups"], counted, short)


def _written(scores: CalibrationScores, bands: Sequence[str], images: Path) -> dict[str, Any]:
    found = scores.calibrations()
    if PIXELS not in found:
        raise CalibrationError(
            f"{images}: no trusted pixel of the role `calibrate` is left: all are masked, or nearer to the border than "
            "the PSF reaches; larger or more images are needed, or split.calibrate: 0, which makes no intervals"
        )
    empty = next((band for band in bands if f"{CONSTANT}_{band}" not in found), None)
    if empty is not None:
        raise CalibrationError(
            f"{images}: no trusted pixel of the band {empty} is left in the role `calibrate`; raise split.calibrate, "
            "so that an image with that band is among them, or take 0, which makes no intervals"
        )
    return {what: calibration.to_dict() for what, calibration in found.items()}


class _Role:
    """The calibrate role of one fold, restored by one output of its network."""

    def __init__(
        self,
        study: Study,
        network: str,
        output: str,
        files: ModelFiles,
        fold: int,
        items: list[Item],
        truths: ImageReader,
        cell: int,
    ) -> None:
        self._study, self._network, self._output, self._files, self._fold = study, network, output, files, fold
        self._items, self._truths, self._cell = items, truths, cell

    def scores(self, observed: list[ObservationReader]) -> CalibrationScores:
        """Errors of pixels under all conditions, and, where the study asks for shapes, of what is measured."""
        scores = CalibrationScores()
        for made, item, seen in self._restored(observed):
            truth = self._truths.image(item.image, item.window)
            size = self._truths.shape(item.image)[-2:]
            pixels = judged_pixels(made, truth, item, size, seen.operator.halo, self._cell)
            count_pixels(scores, pixels, truth.bands)
        calibration = scores.of(PIXELS).calibration()
        if not self._study.evaluate.shapes or calibration is None:
            return scores
        # Once more from the start: what is measured has a spread that calibrated pixels give it.
        for made, item, seen in self._restored(observed):
            self._count_sources(scores, made, item, seen, calibration)
        return scores

    def _restored(self, observed: list[ObservationReader]) -> Iterator[tuple[RestoredItem, Item, Observation]]:
        for observations in observed:
            condition = str(observations.attributes["condition"])
            by = self._by(condition)
            title = f"calibrate {self._network}_{self._output} fold {self._fold}"
            for item in progress(self._items, title, unit="item"):
                seen = observations.observation(item.image, item.window, item.fold)
                yield by.restored(observations, item), item, seen

    def _by(self, condition: str) -> FoldRestorer:
        return fold_restorer(self._study, condition, self._network, self._output, self._files, self._fold)

    def _count_sources(
        self, scores: CalibrationScores, made: RestoredItem, item: Item, seen: Observation, calibration: Calibration
    ) -> None:
        truth, judged = self._truths.image(item.image, item.window), self._study.evaluate
        size = self._truths.shape(item.image)[-2:]
        scene = scene_of(truth, seen, item, size, judged.apertures, judged.detection)
        if scene is None:
            return
        width = half_width(made, calibration)
        for measure in judged_sources(truth.pixels, made, width, scene, item, self._cell):
            count_sources(scores, measure)
