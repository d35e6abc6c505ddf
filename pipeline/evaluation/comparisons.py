"""Every two methods compared, and all of them ranked: by groups, with p-values that know how many were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.blocks import Blocks
from pipeline.evaluation.cluster_bootstrap import ClusterBootstrap
from pipeline.evaluation.rank_tests import cliffs_delta, cliques, friedman, signed_ranks
from pipeline.evaluation.statistics import holm

EVERY = "all conditions"
"""In the place of a condition: all of them together."""
SIGNIFICANT = 0.05
COMPARED = (
    *("condition", "space", "metric", "method", "other"),
    *("gain", "low_groups", "high_groups", "low_folds", "high_folds"),
    *("rank_biserial", "cliffs_delta", "ahead", "folds", "groups", "items", "p_value", "p_pairs", "p_reference"),
)
RANKED = (
    *("condition", "space", "metric", "method", "mean_rank", "cliques"),
    *("methods", "groups", "friedman", "p_value"),
)
FAMILY = ["space", "metric"]


def compared(blocks: Blocks, reference: str | None, resamplings: int, seed: int) -> pd.DataFrame:
    """Compare every two methods in one metric and space under one condition, or under all together.

    Parameters
    ----------
    blocks : Blocks
    reference : str, optional
        The classical method that stands as ``other`` wherever it takes part.
    resamplings : int
        Of the bootstrap.
    seed : int
        The study's.

    Returns
    -------
    DataFrame
        One row for each pair. ``gain`` is the mean over items of the loss of ``other`` minus that of ``method``, above
        0 where ``method`` is better, in the metric's unit: dB of PSNR, or how much nearer to what is best. Its 95%
        interval is given twice: over groups (other images, the same networks) and over folds (other images *and*
        networks that were trained anew, since each fold has a training of its own). The test, ``p_value``, is
        Wilcoxon's on the mean gains of groups; ``p_pairs`` is corrected for the number of pairs (Holm).
        ``rank_biserial`` and ``cliffs_delta`` are effect sizes from -1 to 1, above 0 for ``method``; ``ahead`` is the
        share of groups in which it is better, ties counted half.
    """
    pairs = [_oriented(one, other, reference) for one, other in combinations(blocks.methods, 2)]
    if not pairs or not len(blocks.items):
        return pd.DataFrame(columns=list(COMPARED))
    gains = np.stack([blocks.of(other) - blocks.of(method) for method, other in pairs], 1)
    # The same draws for every metric and condition: what differs between two rows is then no matter of chance.
    by_group, by_fold = (
        ClusterBootstrap(clusters, resamplings, seed, level).mean(gains, blocks.counts)
        for level, clusters in (("groups", blocks.groups), ("folds", blocks.folds))
    )
    rows = [
        {
            "method": method, "other": other, "gain": by_group.value[n],
            "low_groups": by_group.low[n], "high_groups": by_group.high[n],
            "low_folds": by_fold.low[n], "high_folds": by_fold.high[n], **_effects(blocks, method, other),
            "folds": len(set(blocks.folds)), "groups": len(blocks.items), "items": int(blocks.items.sum()),
        }
        for n, (method, other) in enumerate(pairs)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(p_pairs=holm(table["p_value"].to_numpy(np.float64)))


def corrected(table: pd.DataFrame, references: Mapping[str, str]) -> pd.DataFrame:
    """Add ``p_reference``: corrected for all comparisons with the reference in a metric, of all methods and conditions.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`compared`, with condition, space and metric.
    references : mapping
        The reference of each condition.
    """
    table = table.reset_index(drop=True)
    asked = table["other"] == table["condition"].map(dict(references))
    p_reference = pd.Series(np.nan, index=table.index)
    for _, part in table[asked].groupby(FAMILY, sort=False):
        p_reference[part.index] = holm(part["p_value"].to_numpy(np.float64))
    return table.assign(p_reference=p_reference)[list(COMPARED)]


def ranked(blocks: Blocks, pairs: pd.DataFrame) -> pd.DataFrame:
    """Mean ranks over groups, Friedman's test, and who cannot be told from whom.

    Parameters
    ----------
    blocks : Blocks
    pairs : DataFrame
        What :func:`compared` made of them.

    Returns
    -------
    DataFrame
        One row per method, the best rank first. Methods that share a letter in ``cliques`` are not told apart by
        Wilcoxon's test with Holm's correction at 5%. Nemenyi's test on mean ranks is not used: whether it tells two
        methods apart depends on which others were compared (Benavoli et al. 2016, JMLR 17, 1).
    """
    if not blocks.methods or not len(blocks.items):
        return pd.DataFrame(columns=list(RANKED))
    found = friedman(np.stack([blocks.means(method) for method in blocks.methods], 1))
    order = np.argsort(found.ranks, kind="stable")
    names = [blocks.methods[n] for n in order]
    apart = pairs[pairs["p_pairs"] < SIGNIFICANT]
    sets = cliques(names, list(zip(apart["method"], apart["other"])))
    letters = {name: "".join(_letter(n) for n, one in enumerate(sets) if name in one) for name in names}
    return pd.DataFrame(
        {
            "method": names, "mean_rank": found.ranks[order], "cliques": [letters[name] for name in names],
            "methods": len(names), "groups": len(blocks.items), "friedman": found.statistic, "p_value": found.p_value,
        }
    )  # fmt: skip


def members(ranking: pd.DataFrame) -> Iterator[list[str]]:
    """The sets of methods that share a letter, of one condition's rows of the ranking, the best first."""
    for letter in sorted(set("".join(ranking["cliques"].astype(str)))):
        yield ranking.loc[ranking["cliques"].str.contains(letter), "method"].tolist()


def _effects(blocks: Blocks, method: str, other: str) -> dict[str, Any]:
    one, two = blocks.means(method), blocks.means(other)
    tested = signed_ranks(two - one)
    return {
        "rank_biserial": tested.effect,
        "cliffs_delta": cliffs_delta(two, one),
        "ahead": float(np.mean((one < two) + 0.5 * (one == two))),
        "p_value": tested.p_value,
    }


def _oriented(one: str, other: str, reference: str | None) -> tuple[str, str]:
    """The later method of the study against the earlier, and any against the reference."""
    return (one, other) if other == reference else (other, one)


def _letter(number: int) -> str:
    # More than 52 sets would need more than 52 methods, or a very odd pattern of differences.
    return (ascii_lowercase + ascii_lowercase.upper())[number % 52]
