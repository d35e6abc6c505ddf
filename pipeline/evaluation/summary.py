"""A condition in numbers: every method under every metric, compared with the best classical one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.metrics import metric
from pipeline.evaluation.statistics import Bootstrap, holm, ranks

COLUMNS = (
    *("condition", "method", "space", "metric", "median", "mean", "low", "high", "n"),
    *("reference", "difference", "difference_low", "difference_high", "p_value", "rank", "scope"),
)
FIELD, POPULATION = "field", "population"
"""What a result holds for: the one field that was observed, or such images as were sampled."""


def best_classical(tuned: Mapping[str, float]) -> str:
    """The classical method that every other is compared with: the highest PSNR on the tune role, never the test role.

    Parameters
    ----------
    tuned : mapping
        PSNR in dB on the tune role, averaged over folds, by method in the order of the study.

    Returns
    -------
    str
        ``degraded`` only where there is no other; of equals the first.
    """
    methods = [name for name in tuned if name != "degraded"] or list(tuned)
    return max(methods, key=lambda name: tuned[name])


def summarise_condition(
    table: pd.DataFrame, methods: Sequence[str], reference: str, resamplings: int, seed: int
) -> pd.DataFrame:
    """Summarise the metrics of one condition.

    Parameters
    ----------
    table : DataFrame
        Tidy: columns image, item, group, condition, method, space, metric, value; of one condition.
    methods : sequence of str
        In the order of the result.
    reference : str
        Method that the others are compared with, item by item.
    resamplings : int
        Of the bootstrap.
    seed : int
        The study's.

    Returns
    -------
    DataFrame
        One row per method, space and metric. ``low`` and ``high`` bound the median at 95%; ``difference`` is the mean
        over items of method minus reference, with its own interval and a p-value that Holm's method corrects for the
        number of methods within space and metric. ``n`` counts items with a value. ``rank`` is by the mean loss: the
        value, turned so that lower is better, or its distance from 0 or 1.
    """
    condition = str(table["condition"].iloc[0])
    items = table[["item", "group"]].drop_duplicates("item").sort_values("item")
    scope = FIELD if table["image"].nunique() == 1 else POPULATION
    bootstrap = Bootstrap(items["group"].tolist(), resamplings, seed, condition)
    rows: list[dict[str, Any]] = []
    for (space, name), part in table.groupby(["space", "metric"], sort=False, observed=True):
        wide = part.pivot(index="item", columns="method", values="value").reindex(items["item"])
        present = [method for method in methods if method in wide]
        values = {method: wide[method].to_numpy(np.float64) for method in present}
        for row in _compared(values, str(name), reference, bootstrap):
            rows.append({"condition": condition, "space": space, "metric": name, "scope": scope} | row)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rank": "Int64"})


def _compared(
    values: Mapping[str, NDArray[np.float64]], name: str, reference: str, bootstrap: Bootstrap
) -> Iterator[dict[str, Any]]:
    differences = {method: found - values[reference] for method, found in values.items()}
    p_values = holm(
        np.array([np.nan if method == reference else bootstrap.p_value(d) for method, d in differences.items()])
    )
    losses = ranks(np.array([_mean(metric(name).loss(found)) for found in values.values()]))
    for (method, found), p_value, rank in zip(values.items(), p_values, losses):
        median, difference = bootstrap.median(found), bootstrap.mean(differences[method])
        yield {
            "method": method,
            "median": median.value,
            "mean": _mean(found),
            "low": median.low,
            "high": median.high,
            "n": int(np.isfinite(found).sum()),
            "reference": reference,
            "difference": difference.value,
            "difference_low": difference.low,
            "difference_high": difference.high,
            "p_value": p_value,
            "rank": rank,
        }


def _mean(values: NDArray[np.floating]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan
