"""A fold's restorer and the spread of its errors, as the steps need them that make and judge intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.audit.specimen import Width
from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.calibration import Calibration, bin_numbers
from pipeline.evaluation.interval_items import RestoredItem, restored_item
from pipeline.image import Image, Pixels
from pipeline.model_file import Model, read_model
from pipeline.observation import Observation, ObservationReader
from pipeline.physics.operator import Operator
from pipeline.restorers.restorer import Restorer
from pipeline.restorers.spread import SpreadEstimator, SpreadTile
from pipeline.splits import Item
from pipeline.steps.restore import restorer_for, seen_of
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

SPREAD = "spread"
"""Stem of the file of a spread network, beside those of a network's outputs."""


class IntervalModelError(ClearfieldError):
    """A spread network that is missing, or another one's."""


@dataclass(frozen=True)
class ModelFiles:
    """Files of a study's networks: ``models/<network or specialist>/fold<k>/<output>.safetensors``, in any order."""

    paths: Sequence[Path]

    def of(self, model: str, output: str, folds: int) -> list[Path]:
        """Those of an output, or ``spread``, of a model, in the order of the folds.

        Raises
        ------
        IntervalModelError
            If one is missing.
        """
        found = {(p.parents[1].name, p.parent.name, p.stem): p for p in self.paths}
        wanted = [(model, f"fold{fold}", output) for fold in range(folds)]
        missing = next((key for key in wanted if key not in found), None)
        if missing is not None:
            raise IntervalModelError(f"no model {'/'.join(missing)}.safetensors is given; the step `train` writes it")
        return [found[key] for key in wanted]


def with_spread(path: Path, spread: Path) -> Model:
    """A model with the spread network that was trained beside it.

    Raises
    ------
    IntervalModelError
        If the spread network belongs to another model.
    """
    model, beside = read_model(path), read_model(spread)
    for what in ("network", "fold", "preparation", "data_hash"):
        if model.card[what] != beside.card[what]:
            raise IntervalModelError(f"{spread}: belongs to another model than {path}, by its {what}; train them anew")
    return model._replace(spread=beside.tensors)


@dataclass(frozen=True)
class FoldRestorer:
    """A fold's restorer under one condition, with the spread of its errors."""

    restorer: Restorer
    estimator: SpreadEstimator

    def restored(self, observations: ObservationReader, item: Item) -> RestoredItem:
        """Restore an item's window by it and its surroundings, and say how far the result is off."""
        context, seen = seen_of(observations, item)
        return self.restored_by(seen, context, item)

    def restored_by(self, seen: Observation, context: Window, item: Item) -> RestoredItem:
        """The same of what was seen, maybe by another instrument than the restorer is told."""
        core = self.restorer.restore(seen).pixels[(..., *item.window.relative_to(context).slices)]
        return restored_item(self.estimator, core, seen, item, context)


def fold_restorer(
    study: Study, condition: str, network: str, output: str, files: ModelFiles, fold: int
) -> FoldRestorer:
    """The restorer of a network's output on a fold under a condition, with its spread network."""
    model, folds = study.model_for(network, condition), study.split.folds
    paths = files.of(model, output, folds)
    restorer = restorer_for(study, condition, f"{network}_{output}", None, paths, fold)
    both = with_spread(paths[fold], files.of(model, SPREAD, folds)[fold])
    return FoldRestorer(restorer, SpreadEstimator(both, study.restore.tile))


def interval_width(restorer: Restorer, estimator: SpreadEstimator, calibration: Calibration) -> Width:
    """The width that a restorer's intervals have, for whoever asks of any observation."""

    def width(seen: Observation) -> Pixels:
        restored, found = restorer.restore(seen), np.empty(seen.preview.shape, np.float32)
        for tile in estimator.of(restored, seen):
            here = (..., *tile.window.slices)
            found[here] = 2 * half_width(_of_tile(estimator, tile, restored.pixels[here]), calibration)
        return found

    return width


def restored_by_tiles(
    estimator: SpreadEstimator, restored: WindowedImage, seen: WindowedImage, operator: Operator
) -> Iterator[tuple[Window, RestoredItem]]:
    """What is known of the errors of a restored image, tile by tile."""
    for tile in estimator.tiles(restored, seen, operator):
        yield tile.window, _of_tile(estimator, tile, restored.part(tile.window).pixels)


def restored_slice(estimator: SpreadEstimator, restored: Image, seen: Observation) -> RestoredItem:
    """What is known of the errors of a slice that was restored from its scan."""
    return _of_tile(estimator, estimator.of_slice(restored.pixels, seen), restored.pixels)


def _of_tile(estimator: SpreadEstimator, tile: SpreadTile, pixels: Pixels) -> RestoredItem:
    return RestoredItem(pixels, tile.estimate, tile.spread, tile.snr, estimator.preparation.stretch)


def half_width(made: RestoredItem, calibration: Calibration) -> Pixels:
    """Half the width of the central 68% interval of each pixel, in the unit of the image."""
    bins = bin_numbers(made.snr)
    lower, upper = (made.bound(ends[bins]) for ends in calibration.ends(0.68))
    return ((upper - lower) / 2).astype(np.float32)
