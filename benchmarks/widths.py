"""One network for every width from 2 to 6 px, against the best classical method at each."""

from __future__ import annotations

from benchmarks.record import record
from benchmarks.study import STUDIES, finished


def run() -> None:
    """A decibel above the best classical method at every width."""
    done = finished(STUDIES / "widths.yaml")
    for condition in done.conditions:
        gain = done.summary.loc[(condition, "nafnet_faithful", "psnr")]
        record(f"widths/gain/{condition}", gain["difference"], ">= 1.0", "dB")
