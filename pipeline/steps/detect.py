"""detect: how well lesions that were put into slices are seen in what each method makes of their scans."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.lesion_summary import COLUMNS, UNDEGRADED, summarise_lesions
from pipeline.progress import progress
from pipeline.store import written_aside

log = logging.getLogger("clearfield")


class DetectError(ClearfieldError):
    """Readings that do not make up a study."""


def detect(implanted: list[Path], study: Study, out: Path) -> None:
    """Write ``lesions.csv``: a row per condition, method (``undegraded`` among them), contrast and statistic.

    Parameters
    ----------
    implanted : list of Path
        What ``implant`` wrote, ``<condition>/<method>.parquet``, in any order.
    study : Study
    out : Path
        Columns: see :data:`~pipeline.evaluation.lesion_summary.COLUMNS`.

    Raises
    ------
    DetectError
        If the method ``degraded`` is missing of a condition, with which the undegraded scans come.
    """
    tables = {(path.parent.name, path.stem): pd.read_parquet(path) for path in implanted}
    rows: list[tuple[object, ...]] = []
    for condition in progress(study.conditions, "detect", unit="condition"):
        methods = [method for method in study.all_methods if (condition.name, method) in tables]
        if not methods:
            continue
        if "degraded" not in methods:
            raise DetectError(f"{condition.name}/degraded.parquet: is missing; the step `implant` writes it")
        own = tables[condition.name, "degraded"]
        if own.empty:
            continue
        best = own[own["method"] == UNDEGRADED]
        every = [best] + [table[table["method"] == m] for m in methods if len(table := tables[condition.name, m])]
        for table in every:
            for contrast, part in table.groupby("contrast"):
                rows += summarise_lesions(best[best["contrast"] == contrast], part, study.seed)
    with written_aside(out) as aside:
        pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(aside, index=False, lineterminator="\n")
    log.info("detect: %d files", len(implanted))
