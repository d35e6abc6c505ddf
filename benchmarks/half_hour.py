"""Up to half an hour of training for each fold of the demo on two cores: what the network can do given time."""

from __future__ import annotations

from statistics import fmean

from benchmarks.record import record
from benchmarks.study import STUDIES, finished


def run() -> None:
    """Two decibels above the best classical method, at every width of the demo."""
    done = finished(STUDIES / "half_hour.yaml")
    for condition in done.conditions:
        gain = done.summary.loc[(condition, "nafnet_faithful", "psnr")]
        record(f"half_hour/gain/{condition}", gain["difference"], ">= 2.0", "dB")
        record(f"half_hour/gain_low/{condition}", gain["difference_low"], unit="dB")
    minutes = fmean(done.training_seconds("nafnet").values()) / 60
    # Two folds are trained side by side, a core each.
    record("half_hour/minutes_per_fold", minutes * done.study.threads / 2, "<= 30", "min")
