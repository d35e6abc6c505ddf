"""The verdict in words: whether the best network beats the best classical method, by how much, and where that holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pipeline.config import Study
from pipeline.evaluation.summary import FIELD
from pipeline.report.naming import condition_name, interval, listed, method_name, number

Outcome = Literal["win", "loss", "undecided"]

CHOSEN_HERE = (
    "Weights and settings were learned without the blocks that they are judged on; but the networks' defaults (their "
    "size, losses and numbers of steps) were chosen with this very image at hand, so expect somewhat less elsewhere."
)
"""Of the image on which this software was developed."""
SPELT_OUT = 4
"""Conditions whose numbers the verdict gives one by one; of more it gives the range."""


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

    ``headline`` is one sentence with the differences; ``detail`` says what they are differences of; ``reach`` says how
    far they hold.
    """

    outcome: Outcome | Literal["mixed", "none"]
    headline: str
    detail: str
    reach: str
    network: str | None
    comparisons: list[Comparison]


def verdict(summary: pd.DataFrame, study: Study) -> Verdict:
    """Read the verdict off ``summary.csv``: paired PSNR differences in the first space of the study.

    The network is the one whose difference is highest on average over the conditions, and the detail says so. The
    reference is, per condition, the classical method that was best on the tune role, so it was not chosen by the scores
    that it is compared by.
    """
    psnr = summary[(summary["metric"] == "psnr") & (summary["space"] == study.evaluate.spaces[0])]
    scores = psnr[psnr["method"].isin(study.network_methods) & psnr["difference"].notna()]
    reach = _reach(summary, study)
    if scores.empty:
        headline = "No network was compared with a classical method in this study."
        return Verdict("none", headline, _best_classical(psnr, study), reach, None, [])
    network = str(scores.groupby("method", sort=False)["difference"].mean().idxmax())
    rows = scores[scores["method"] == network].set_index("condition").to_dict("index")
    compared = [
        Comparison(c.name, str(r["reference"]), r["difference"], r["difference_low"], r["difference_high"])
        for c in study.conditions
        if (r := rows.get(c.name)) is not None
    ]
    outcomes = {c.outcome for c in compared}
    outcome = outcomes.pop() if len(outcomes) == 1 else "mixed"
    detail = f"{_detail(compared, study)}{_picked(scores['method'].nunique())}"
    return Verdict(outcome, _headline(outcome, compared, network), detail, reach, network, compared)


def _headline(outcome: str, compared: list[Comparison], network: str) -> str:
    count = len(compared)
    where = "" if count == 1 else " in both conditions" if count == 2 else f" in all {count} conditions"
    name = f"the best network ({method_name(network)})"
    if outcome == "win":
        ahead = f"{name} beats the best classical method{where}, by {_sizes(compared, signed=False)} in PSNR."
        return f"On images that none of them was tuned on, {ahead}"
    if outcome == "loss":
        behind = f"{name} falls behind the best classical method{where}, by {_sizes(compared, signed=False)} in PSNR."
        return f"On images that none of them was tuned on, {behind}"
    if outcome == "undecided":
        holds = "its 95% interval holds" if count == 1 else "the 95% intervals hold"
        stands = f"it stands at {_sizes(compared, signed=True)} in PSNR, and {holds} zero."
        return f"Whether {name} is better than the best classical method cannot be told from these data: {stands}"
    counts = {o: sum(c.outcome == o for c in compared) for o in ("win", "undecided", "loss")}
    words = {"win": "is ahead in {}", "undecided": "cannot be told apart in {}", "loss": "falls behind in {}"}
    parts = listed([words[o].format(n) for o, n in counts.items() if n])
    sizes = _sizes(compared, signed=True)
    return f"Against the best classical method, {name} {parts} of {count} conditions; it stands at {sizes} in PSNR."


def _sizes(compared: list[Comparison], signed: bool) -> str:
    values = [c.difference if signed else abs(c.difference) for c in compared]
    if len(values) > SPELT_OUT:
        return f"{number(min(values), signed=signed)} to {number(max(values), signed=signed)} dB"
    words = [number(v, signed=signed) for v in values]
    return f"{words[0] if len(set(words)) == 1 else listed(words)} dB"


def _detail(compared: list[Comparison], study: Study) -> str:
    what = "Differences are network minus the classical method that was best on the tune role, paired item by item."
    if len(compared) <= SPELT_OUT:
        return what
    low, high = min(compared, key=lambda c: c.difference), max(compared, key=lambda c: c.difference)
    least, most = (f"{condition_name(study, c.condition)} ({_difference(c)})" for c in (low, high))
    return f"{what} The least stands at {least}, the largest at {most}."


def _picked(count: int) -> str:
    if count == 1:
        return ""
    return f" Of {count} outputs of networks this one is the best by these very scores, which flatters it a little."


def _difference(c: Comparison) -> str:
    span = interval(c.low, c.high, signed=True) or "unknown"
    return f"{number(c.difference, signed=True)} dB against {method_name(c.reference)}, 95% interval {span} dB"


def _best_classical(psnr: pd.DataFrame, study: Study) -> str:
    parts = []
    for condition in study.conditions:
        here = (psnr["condition"] == condition.name) & psnr["method"].isin(list(study.methods)) & psnr["median"].notna()
        if here.any():
            median, method = max(zip(psnr.loc[here, "median"], psnr.loc[here, "method"]))
            parts.append(f"{condition_name(study, condition.name)}: {method_name(method)}, {number(median)} dB")
    if not parts:
        return "There are no scores in PSNR to compare."
    rest = "; and so on" if len(parts) > SPELT_OUT else ""
    return f"The highest median PSNR among classical methods: {'; '.join(parts[:SPELT_OUT])}{rest}."


def _reach(summary: pd.DataFrame, study: Study) -> str:
    if (summary["scope"] == FIELD).any():
        reach = (
            "This holds for this field: one image was judged, block by block; "
            "how another field would fare was not tested."
        )
    else:
        reach = (
            "The intervals come from resampling groups of images, so they speak for other images drawn as these were."
        )
    return f"{reach} {CHOSEN_HERE}" if study.images.dataset == "hubble" else reach
