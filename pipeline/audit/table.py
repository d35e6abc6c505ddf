"""Findings as a table, a row each, as they lie in files between the steps."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from pipeline.audit.finding import Finding

COLUMNS = (
    *("condition", "method", "part", "case", "measure", "value", "low", "high", "n"),
    *("null", "null_low", "null_high", "threshold", "verdict", "against"),
)
"""``against`` is true where the finding speaks for its verdict."""


def table_of(findings: Iterable[Finding], condition: str, method: str) -> pd.DataFrame:
    """Findings of a method under a condition."""
    rows = [
        (
            condition, method, found.part, found.case, found.measure, *found.found, found.n, *found.null,
            found.threshold, found.verdict, found.speaks_against,
        )
        for found in findings
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))
