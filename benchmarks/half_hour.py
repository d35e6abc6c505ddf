"""One network for every width from 2 to 6 px, with up to half an hour of training for each fold on two cores."""

from __future__ import annotations

from statistics import fmean

from benchmarks.record import record
from benchmarks.study import STUDIES, finished

STRICT = ("fwhm3px", "fwhm4px")
"""The widths of the demo, of which more is asked."""


def run() -> None:
    """Two decibels above the best classical method at the widths of the demo, and one at all others."""
    done = finished(STUDIES / "half_hour.yaml")
    for condition in done.conditions:
        gain = done.summary.loc[(condition, "nafnet_faithful", "psnr")]
        bound = ">= 2.0" if condition.startswith(STRICT) else ">= 1.0"
        record(f"half_hour/gain/{condition}", gain["difference"], bound, "dB")
        record(f"half_hour/gain_low/{condition}", gain["difference_low"], unit="dB")
    minutes = fmean(done.training_seconds("nafnet").values()) / 60
    # Of a fold that is trained on one core, half counts.
    record("half_hour/minutes_per_fold", minutes * done.study.threads / 2, "<= 30", "min")
