"""examine: one method under one condition, audited on held-out items of the first fold and on empty sky."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.audit.examination import examine as examined
from pipeline.audit.maps import maps_of, write_maps
from pipeline.audit.specimen import Width
from pipeline.audit.table import table_of
from pipeline.config import Study
from pipeline.evaluation.calibration import PIXELS, calibrations_of, read_calibration
from pipeline.model_file import read_model
from pipeline.observation import read_observations
from pipeline.restorers.restorer import Restorer
from pipeline.restorers.spread import SpreadEstimator
from pipeline.splits import read_splits
from pipeline.steps.interval_models import interval_width, with_spread
from pipeline.steps.restore import restorer_for
from pipeline.steps.specimens import chosen, ground_of, specimens_of
from pipeline.store import read_images, written_aside

log = logging.getLogger("clearfield")

FOLD = 0
"""The fold that is audited: its network is the one that is published, unless one is trained on all groups."""


def examine(
    images: Path,
    splits: Path,
    degraded: Path,
    study: Study,
    method: str,
    tuned: Path | None,
    models: Sequence[Path],
    out: Path,
    maps: Path,
    bounds: Sequence[Path] = (),
) -> None:
    """Write what the audit found as a table, and maps of one item.

    Parameters
    ----------
    images, splits, degraded : path
        ``images.h5``, ``splits.csv``, and the observations of one condition.
    study : Study
    method : str
        A classical method or ``<network>_<output>``.
    tuned : path, optional
        Settings per fold, for a classical method.
    models : sequence of path
        Model per fold, in the order of the folds, for a network.
    out, maps : path
        ``audit/<condition>/<method>.parquet`` and ``.npz``.
    bounds : sequence of path
        Of a method that has intervals: ``spread.safetensors`` of the first fold, and the calibration.

    Raises
    ------
    RestoreError
        As the step ``restore`` does.
    CalibrationError, IntervalModelError
        If the bounds are not those of the method.
    """
    with read_images(images) as truths, read_observations(degraded) as observations:
        condition = str(observations.attributes["condition"])
        restorer = restorer_for(study, condition, method, tuned, models, FOLD)
        specimens = specimens_of(chosen(read_splits(splits), FOLD, study.audit.items), truths, observations)
        ground = ground_of(specimens, truths, study, condition)
    brightest = read_model(models[FOLD]).card.get("brightest", []) if models else []
    width = _width(study, condition, method, restorer, models, bounds) if bounds else None
    findings, restored = examined(restorer, specimens, ground, study.audit, brightest, width)
    with written_aside(out) as aside:
        table_of(findings, condition, method).to_parquet(aside, index=False)
    write_maps(maps, maps_of(specimens[0], restored[0], study.audit.ring_correlation))
    against = sorted({found.verdict for found in findings if found.speaks_against})
    log.info("examine %s %s: %s", condition, method, " and ".join(against) or "neither inconsistent nor invented")


def _width(
    study: Study, condition: str, method: str, restorer: Restorer, models: Sequence[Path], bounds: Sequence[Path]
) -> Width:
    """The width of the method's own intervals."""
    spread, calibration = sorted(bounds, key=lambda path: path.suffix == ".json")
    network, _, output = method.rpartition("_")
    found = calibrations_of(read_calibration(calibration), study.model_for(network, condition), output, FOLD)
    estimator = SpreadEstimator(with_spread(models[FOLD], spread), study.restore.tile)
    return interval_width(restorer, estimator, found[PIXELS])
