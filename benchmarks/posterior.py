"""Draws from the scenes that may have been: whether their mean gains what it should, and is as good as `faithful`."""

from __future__ import annotations

from benchmarks.record import record
from benchmarks.study import STUDIES, finished


def run() -> None:
    """The mean of 32 draws from the true posterior is 2.9 dB better than one, and is the estimate of least error."""
    done = finished(STUDIES / "posterior.yaml")
    for condition in done.conditions:
        gain = done.paired(condition, "nafnet_mean", "nafnet_sample").mean()
        record(f"posterior/gain_of_32/{condition}", abs(gain - 2.9), "<= 0.5", "dB from 2.9")
        gap = done.paired(condition, "nafnet_mean", "nafnet_faithful").mean()
        record(f"posterior/mean_minus_faithful/{condition}", gap, ">= -0.3", "dB")
