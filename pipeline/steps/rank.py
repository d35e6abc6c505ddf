"""rank: which differences between methods stand, how large they are, and who ranks above whom."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.blocks import Blocks, blocks_of, together
from pipeline.evaluation.comparisons import EVERY, RANKED, compared, corrected, ranked
from pipeline.progress import progress
from pipeline.store import written_aside

log = logging.getLogger("clearfield")

NEEDED = ["item", "group", "fold", "method", "space", "metric", "value"]


class RankingError(ClearfieldError):
    """Scores or a summary that do not make up a study."""


def rank(metrics: list[Path], summary_csv: Path, study: Study, comparisons_csv: Path, ranking_csv: Path) -> None:
    """Write ``comparisons.csv`` (one row per two methods) and ``ranking.csv`` (one row per method).

    Both have rows for every condition, space and metric, and for all conditions together. One condition is in memory at
    a time; what is kept of it is a sum per group.

    Parameters
    ----------
    metrics : list of Path
        What ``evaluate`` wrote, ``<condition>/<method>.parquet``, in any order.
    summary_csv : Path
        What ``summarise`` wrote; it names the reference of each condition.
    study : Study
    comparisons_csv, ranking_csv : Path
        Columns: see :mod:`~pipeline.evaluation.comparisons`. Written aside and renamed.

    Raises
    ------
    RankingError
        If there are no scores of a condition of the study, or the summary names no reference for one.
    """
    references = _references(summary_csv, study)
    kept: dict[tuple[str, str], list[Blocks]] = {}
    pairs, rankings = [], []
    for condition in progress(study.conditions, "rank", unit="condition"):
        table = _scores(metrics, condition.name, study)
        for space, name, part in _metrics_of(table, study):
            blocks = blocks_of(part, name, study.all_methods)
            kept.setdefault((space, name), []).append(blocks)
            of_pairs = compared(blocks, references[condition.name], study.evaluate.bootstrap, study.seed)
            where = {"condition": condition.name, "space": space, "metric": name}
            pairs.append(of_pairs.assign(**where))
            rankings.append(ranked(blocks, of_pairs).assign(**where))
    for (space, name), parts in kept.items():
        if len(parts) > 1:
            whole, where = together(parts), {"condition": EVERY, "space": space, "metric": name}
            of_pairs = compared(whole, None, study.evaluate.bootstrap, study.seed)
            pairs.append(of_pairs.assign(**where))
            rankings.append(ranked(whole, of_pairs).assign(**where))
    comparisons = corrected(_joined(pairs), references)
    with written_aside(comparisons_csv) as aside, written_aside(ranking_csv) as ranking_aside:
        comparisons.to_csv(aside, index=False, lineterminator="\n")
        _joined(rankings)[list(RANKED)].to_csv(ranking_aside, index=False, lineterminator="\n")
    log.info("rank: %d comparisons of two methods", len(comparisons))


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _metrics_of(table: pd.DataFrame, study: Study) -> Iterator[tuple[str, str, pd.DataFrame]]:
    spaces = [*study.evaluate.spaces, *(s for s in table["space"].unique() if s not in study.evaluate.spaces)]
    parts = {(str(s), str(m)): part for (s, m), part in table.groupby(["space", "metric"], sort=False)}
    for space in spaces:
        for (found, name), part in parts.items():
            if found == space and part["value"].notna().any():
                yield space, name, part


def _scores(metrics: list[Path], condition: str, study: Study) -> pd.DataFrame:
    files = {path.stem: path for path in metrics if path.parent.name == condition}
    found = [pd.read_parquet(files[m], columns=NEEDED) for m in study.all_methods if m in files]
    if not found:
        raise RankingError(f"no metrics under {condition}; the step `evaluate` writes them")
    return pd.concat(found, ignore_index=True)


def _references(summary_csv: Path, study: Study) -> dict[str, str]:
    summary = pd.read_csv(summary_csv, dtype=str, usecols=["condition", "reference"])
    found = dict(zip(summary["condition"], summary["reference"]))
    for condition in study.conditions:
        if condition.name not in found:
            raise RankingError(f"{summary_csv}: nothing of {condition.name}; the step `summarise` writes it anew")
    return found
