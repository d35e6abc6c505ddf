"""tally: what the measured sources say of every method, condition by condition."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.source_summary import COLUMNS, summarise_sources
from pipeline.evaluation.sources import TRUTH
from pipeline.progress import progress
from pipeline.store import written_aside

log = logging.getLogger("clearfield")


class TallyError(ClearfieldError):
    """Measurements that do not make up a study."""


def tally(sources: list[Path], study: Study, out: Path) -> None:
    """Write ``sources.csv``: one row per condition, method, measure, statistic and bin.

    Two files are in memory at a time: the truth, and one method's.

    Parameters
    ----------
    sources : list of Path
        What ``measure`` wrote, ``<condition>/<method>.parquet`` and ``<condition>/truth.parquet``, in any order.
    study : Study
    out : Path
        Columns: see :func:`~pipeline.evaluation.source_summary.summarise_sources`.

    Raises
    ------
    TallyError
        If a condition has no measurements of its truth.
    """
    files = {(path.parent.name, path.stem): path for path in sources}
    tables = [pd.DataFrame(columns=list(COLUMNS))]
    for condition in progress(study.conditions, "tally", unit="condition"):
        methods = [m for m in study.all_methods if (condition.name, m) in files]
        if not methods:
            continue
        if (condition.name, TRUTH) not in files:
            raise TallyError(
                f"{condition.name}/{TRUTH}.parquet: no measurements of the truth; the step `measure` writes them"
            )
        truth = pd.read_parquet(files[condition.name, TRUTH])
        for method in methods:
            restored = pd.read_parquet(files[condition.name, method])
            tables.append(summarise_sources(truth, restored, condition.name, method, study.seed))
    with written_aside(out) as aside:
        pd.concat([t for t in tables if len(t)] or tables).to_csv(aside, index=False, lineterminator="\n")
    log.info("tally: %d files of sources", len(files))
