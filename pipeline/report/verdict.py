"""The verdict in words: does the best network beat the best classical method, by how much, and how far does that hold?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.summary import FIELD
from pipeline.report.naming import condition_name, interval, listed, method_name, number

Outcome = Literal["win", "loss", "undecided"]

SPELT_OUT = 4
"""Conditions that the verdict names one by one; of more it gives the range."""


@dataclass(frozen=True)
class Comparison:
    """The best network against the reference in one condition: PSNR differences in dB."""

    condition: str
    reference: str
    difference: float
    low: float
    high: float

    @property
    def outcome(self) -> Outcome:
        """``win`` or ``loss`` only where the whole 95% interval lies on one side of zero."""
        if self.low > 0:
            return "win"
        return "loss" if self.high < 0 else "undecided"


@dataclass(frozen=True)
class Verdict:
    """What the study found.

    ``headline`` is one sentence; ``detail`` gives the numbers; ``reach`` says how far they hold.
    """

    outcome: Outcome | Literal["mixed", "none"]
    headline: str
    detail: str
    reach: str
    network: str | None
    comparisons: list[Comparison]


def verdict(summary: pd.DataFrame, study: Study) -> Verdict:
    """Read the verdict off ``summary.csv``: paired PSNR differences in the first space of the study.

    The network is the one whose difference is highest on average over the conditions. The reference is, per condition, the
    classical method that was best on the tune role, so it was not chosen by the scores that it is compared by.
    """
    space = study.evaluate.spaces[0]
    psnr = summary[(summary.metric == "psnr") & (summary.space == space)]
    scores = psnr[psnr.method.isin(study.network_methods) & psnr.difference.notna()]
    reach = _reach(summary)
    if scores.empty:
        return Verdict(
            "none", "No network was compared with a classical method.", _best_classical(psnr, study), reach, None, []
        )
    means = scores.groupby("method", sort=False).difference.mean()
    network = str(means.idxmax())
    rows = scores[scores.method == network].set_index("condition")
    compared = [
        Comparison(name, str(r.reference), float(r.difference), float(r.difference_low), float(r.difference_high))
        for name, r in ((c.name, rows.loc[c.name]) for c in study.conditions if c.name in rows.index)
    ]
    outcomes = {c.outcome for c in compared}
    outcome = outcomes.pop() if len(outcomes) == 1 else "mixed"
    return Verdict(outcome, _headline(outcome, compared, network), _detail(compared, study), reach, network, compared)


def _headline(outcome: str, compared: list[Comparison], network: str) -> str:
    where = (
        ""
        if len(compared) == 1
        else " in both conditions"
        if len(compared) == 2
        else f" in all {len(compared)} conditions"
    )
    name = f"the best network ({method_name(network)})"
    if outcome == "win":
        return f"On images that none of them was tuned on, {name} beats the best classical method{where}."
    if outcome == "loss":
        return f"On images that none of them was tuned on, {name} falls behind the best classical method{where}."
    if outcome == "undecided":
        return f"Whether {name} is better than the best classical method cannot be told from these data{where}."
    counts = {o: sum(c.outcome == o for c in compared) for o in ("win", "undecided", "loss")}
    words = {"win": "is ahead in {}", "undecided": "cannot be told apart in {}", "loss": "falls behind in {}"}
    parts = [words[o].format(n) for o, n in counts.items() if n]
    return f"Against the best classical method, {name} {listed(parts)} of {len(compared)} conditions."


def _detail(compared: list[Comparison], study: Study) -> str:
    if len(compared) <= SPELT_OUT:
        parts = [f"at {condition_name(study, c.condition)}, {_difference(c)}" for c in compared]
        return "In PSNR, network minus reference: " + "; ".join(parts) + "."
    low, high = min(compared, key=lambda c: c.difference), max(compared, key=lambda c: c.difference)
    return (
        "In PSNR, network minus reference, the conditions range from "
        f"{_difference(low)}, at {condition_name(study, low.condition)}, to {_difference(high)}, at {condition_name(study, high.condition)}."
    )


def _difference(c: Comparison) -> str:
    words = {"win": "", "loss": "", "undecided": ", an interval that holds zero"}
    span = interval(c.low, c.high, signed=True) or "unknown"
    return f"{number(c.difference, signed=True)} dB against {method_name(c.reference)} (95% interval {span} dB{words[c.outcome]})"


def _best_classical(psnr: pd.DataFrame, study: Study) -> str:
    parts = []
    for condition in study.conditions:
        rows = psnr[(psnr.condition == condition.name) & psnr.method.isin(study.methods)]
        if len(rows):
            best = rows.loc[rows["median"].idxmax()]
            parts.append(
                f"at {condition_name(study, condition.name)} {method_name(best.method)} with {number(best['median'])} dB"
            )
    if not parts:
        return "There are no scores in PSNR to compare."
    return f"Of the classical methods the highest median PSNR has {'; '.join(parts[:SPELT_OUT])}{'; …' if len(parts) > SPELT_OUT else ''}."


def _reach(summary: pd.DataFrame) -> str:
    if (summary["scope"] == FIELD).any():
        return "This holds for this field: one image was judged, block by block, and how another field would fare was not tested."
    return "The intervals come from resampling groups and images, so they speak for other images drawn as these were."
