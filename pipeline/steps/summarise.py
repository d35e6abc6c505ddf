"""summarise: all scores in one table, and every method compared with the best classical one."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.scoring import COLUMNS
from pipeline.evaluation.summary import best_classical, summarise_condition
from pipeline.evaluation.tuned_scores import tuned_psnr
from pipeline.store import written_aside

log = logging.getLogger("clearfield")


class SummaryError(ClearfieldError):
    """Scores that do not make up a study."""


def summarise(metrics: list[Path], tuned: list[Path], study: Study, metrics_csv: Path, summary_csv: Path) -> None:
    """Write ``metrics.csv`` (every score) and ``summary.csv`` (one row per condition, method, space and metric).

    Rows stand in the order of the configuration, then by item, and numbers with all their digits: the same scores give
    the same files. One condition is in memory at a time.

    Parameters
    ----------
    metrics : list of Path
        What ``evaluate`` wrote, one file per condition and method, in any order.
    tuned : list of Path
        What ``tune`` wrote, one file per condition and classical method; it names the reference.
    study : Study
    metrics_csv, summary_csv : Path
        Written aside and renamed.

    Raises
    ------
    SummaryError
        If a file is of no condition or method of the study, or a condition lacks scores or tuning.
    """
    files = _by_condition(metrics, study)
    psnr = _tuned_psnr(tuned, study)
    summaries = []
    with written_aside(metrics_csv) as scores_aside, written_aside(summary_csv) as summary_aside:
        with scores_aside.open("w", newline="") as scores:
            scores.write(",".join(COLUMNS) + "\n")
            for condition, by_method in files.items():
                table = pd.concat([_read(by_method[m], study) for m in by_method], ignore_index=True)
                table.to_csv(scores, header=False, index=False, lineterminator="\n")
                reference = best_classical(psnr[condition])
                if reference not in by_method:
                    raise SummaryError(
                        f"{condition}: no metrics of {reference}, the reference; the step `evaluate` writes them"
                    )
                resamplings = study.evaluate.bootstrap
                summaries.append(summarise_condition(table, list(by_method), reference, resamplings, study.seed))
                log.info("summarise %s: %d methods, compared with %s", condition, len(by_method), reference)
        pd.concat(summaries, ignore_index=True).to_csv(summary_aside, index=False, lineterminator="\n")


def _by_condition(metrics: list[Path], study: Study) -> dict[str, dict[str, Path]]:
    found: dict[tuple[str, str], Path] = {}
    for path in metrics:
        first = pd.read_parquet(path, columns=["condition", "method"]).iloc[0]
        key = str(first["condition"]), str(first["method"])
        if key in found:
            raise SummaryError(f"{path}: scores {key[1]} under {key[0]}, as {found[key]} does; give one file of each")
        found[key] = path
    conditions = [condition.name for condition in study.conditions]
    for (condition, method), path in found.items():
        if condition not in conditions or method not in study.all_methods:
            raise SummaryError(f"{path}: scores {method} under {condition}, which are not of this study; leave it out")
    missing = [condition for condition in conditions if not any(c == condition for c, _ in found)]
    if missing:
        raise SummaryError(f"no metrics under {missing[0]}; the step `evaluate` writes them")
    return {c: {m: found[c, m] for m in study.all_methods if (c, m) in found} for c in conditions}


def _tuned_psnr(tuned: list[Path], study: Study) -> dict[str, dict[str, float]]:
    found = tuned_psnr(tuned)
    names: list[str] = list(study.methods)
    table = {c.name: {m: found[c.name, m] for m in names if (c.name, m) in found} for c in study.conditions}
    for condition, methods in table.items():
        if not methods:
            raise SummaryError(f"no tuned settings under {condition}; the step `tune` writes them")
    return table


def _read(path: Path, study: Study) -> pd.DataFrame:
    table = pd.read_parquet(path)[list(COLUMNS)]
    if table.duplicated(["item", "space", "metric"]).any():
        raise SummaryError(f"{path}: scores an item twice; delete the file, and the step `evaluate` writes it anew")
    metric_order = {name: index for index, name in enumerate(table["metric"].unique())}
    space_order = {name: index for index, name in enumerate(study.evaluate.spaces)}
    keys = pd.DataFrame(
        {
            "space": table["space"].map(space_order).fillna(len(space_order)),
            "metric": table["metric"].map(metric_order),
            "item": table["item"],
            "fold": table["fold"],
        }
    )
    return table.loc[keys.sort_values(["space", "metric", "item", "fold"], kind="stable").index]
