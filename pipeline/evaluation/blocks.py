"""Losses of whole groups: what methods are compared by, since the items of a group are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.metrics import metric

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Blocks:
    """The losses of several methods, group by group, lower is better.

    Parameters
    ----------
    sums : DataFrame
        Index: fold, group. A column per method: its loss summed over the items of the group.
    items : Series
        How many items these are. Only items count of which every method has a value.
    """

    sums: pd.DataFrame
    items: pd.Series

    @property
    def methods(self) -> list[str]:
        """Names of the methods."""
        return list(self.sums.columns)

    @property
    def folds(self) -> list[int]:
        """Fold of each group."""
        return self.sums.index.get_level_values("fold").tolist()

    @property
    def groups(self) -> list[str]:
        """Name of each group."""
        return self.sums.index.get_level_values("group").astype(str).tolist()

    @property
    def counts(self) -> Floats:
        """Items of each group, shape (G,)."""
        return self.items.to_numpy(np.float64)

    def of(self, method: str) -> Floats:
        """Summed loss of each group, shape (G,)."""
        return self.sums[method].to_numpy(np.float64)

    def means(self, method: str) -> Floats:
        """Mean loss of each group, shape (G,): a group counts once, whatever the number of its items."""
        return self.of(method) / self.counts


def blocks_of(table: pd.DataFrame, name: str, methods: Sequence[str]) -> Blocks:
    """Losses of one metric in one space under one condition.

    Parameters
    ----------
    table : DataFrame
        Tidy: columns item, group, fold, method, value.
    name : str
        The metric, which says what is better.
    methods : sequence of str
        In the order of the result; those without any value are left out.
    """
    wide = table.pivot(index=["fold", "group", "item"], columns="method", values="value").dropna(axis=1, how="all")
    whole = wide[[m for m in methods if m in wide]].dropna()
    losses = pd.DataFrame(metric(name).loss(whole.to_numpy(np.float64)), whole.index, whole.columns)
    by_group = losses.groupby(level=["fold", "group"], observed=True)
    return Blocks(by_group.sum(), by_group.size())


def together(parts: Sequence[Blocks]) -> Blocks:
    """Several conditions as one: each group with its items under all of them, by the methods that all have."""
    shared = [m for m in parts[0].methods if all(m in part.methods for part in parts)]
    keys = ["fold", "group"]
    sums = pd.concat([part.sums[shared] for part in parts]).groupby(level=keys).sum()
    return Blocks(sums, pd.concat([part.items for part in parts]).groupby(level=keys).sum())
