"""The demo's network against pix2pix, each with the same time for training."""

from __future__ import annotations

from benchmarks.record import record
from benchmarks.study import STUDIES, finished

OPPONENTS = ("pix2pix", "narrow")


def run() -> None:
    """A decibel in the median above the better pix2pix, with no less time for either in any fold."""
    done = finished(STUDIES / "equal_time.yaml")
    ours = done.training_seconds("nafnet")
    for opponent in OPPONENTS:
        theirs = done.training_seconds(opponent)
        record(f"equal_time/time_over_ours/{opponent}", min(theirs[fold] / ours[fold] for fold in ours), ">= 1.0")
    for condition in done.conditions:
        medians = done.summary["median"].loc[condition].xs("psnr", level="metric")
        best = max(medians[f"{opponent}_sharp"] for opponent in OPPONENTS)
        record(f"equal_time/gain/{condition}", medians["nafnet_faithful"] - best, ">= 1.0", "dB")
