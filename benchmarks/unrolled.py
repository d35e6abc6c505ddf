"""A cascade with the data of a scan brought back between its networks, against one network, where lines alias."""

from __future__ import annotations

from benchmarks.record import record
from benchmarks.study import STUDIES, finished


def run() -> None:
    """A decibel better in no more than twice the time for training."""
    done = finished(STUDIES / "unrolled.yaml")
    for condition in done.conditions:
        gain = done.paired(condition, "unrolled_faithful", "nafnet_faithful").mean()
        record(f"unrolled/over_nafnet/{condition}", gain, ">= 1.0", "dB")
        classical = done.paired(condition, "unrolled_faithful", done.reference(condition)).mean()
        record(f"unrolled/over_best_classical/{condition}", classical, unit="dB")
    ours, theirs = (sum(done.training_seconds(name).values()) for name in ("unrolled", "nafnet"))
    record("unrolled/time_over_nafnet", ours / theirs, "<= 2.0")
