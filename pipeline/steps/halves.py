"""halves: two networks that were trained on disjoint halves, asked whether both invent the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.audit.halves import two_halves
from pipeline.audit.table import table_of
from pipeline.config import Study
from pipeline.observation import read_observations
from pipeline.restorers.network import NetworkRestorer
from pipeline.splits import HALVES, read_splits
from pipeline.steps.restore import RestoreError
from pipeline.steps.specimens import chosen, sky_around, specimens_of
from pipeline.store import read_images, written_aside

log = logging.getLogger("clearfield")


def halves(
    images: Path, splits: Path, degraded: Path, study: Study, method: str, models: Sequence[Path], out: Path
) -> None:
    """Write what both networks have in common as a table.

    Parameters
    ----------
    images, splits, degraded : path
        ``images.h5``, ``splits.csv``, and the observations of one condition.
    study : Study
    method : str
        ``<network>_<output>``.
    models : sequence of path
        Those of both halves, in order.
    out : path
        ``audit/<condition>/<method>.halves.parquet``.

    Raises
    ------
    RestoreError
        If the models are not those of two halves.
    """
    restorers = [NetworkRestorer(path, study.restore.tile) for path in models]
    found = [restorer.model.card["fold"] for restorer in restorers]
    if found != list(HALVES):
        raise RestoreError(f"{method}: models of {found or 'nothing'}; those of half0 and half1 are needed, in order")
    with read_images(images) as truths, read_observations(degraded) as observations:
        condition = str(observations.attributes["condition"])
        specimens = specimens_of(chosen(read_splits(splits), 0, study.audit.items), truths, observations)
        sky = sky_around(specimens, truths, study, condition)
    findings = two_halves(restorers[0], restorers[1], specimens, sky, study.audit.fields)
    with written_aside(out) as aside:
        table_of(findings, condition, method).to_parquet(aside, index=False)
    log.info("halves %s %s: %d items, %d fields", condition, method, len(specimens), study.audit.fields)
