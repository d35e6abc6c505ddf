"""The two studies of scanners: gain over the best classical method, bias in HU, lesions at a quarter of the dose."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.record import record
from benchmarks.study import Finished, finished
from pipeline.evaluation.lesion_summary import SHARE
from pipeline.evaluation.metrics import REGION_BIAS

METHOD = "nafnet_faithful"
QUARTER = "dose0.25"
"""What names of conditions hold in which a quarter of the dose is left."""


def run() -> None:
    """A decibel above the best classical method; no region off by 2 HU; lesions nearly as clear as at the full dose."""
    for name in ("head_phantom", "brain"):
        done = finished(Path("config", f"{name}.yaml"))
        for condition in done.conditions:
            gain = done.summary.loc[(condition, METHOD, "psnr")]
            record(f"scans/{name}/gain/{condition}", gain["difference"], ">= 1.0", "dB")
            record(f"scans/{name}/gain_low/{condition}", gain["difference_low"], ">= 0", "dB")
        if name == "head_phantom":
            _bias(done)
            _lesions(done)


def _bias(done: Finished) -> None:
    for condition in done.conditions:
        means = done.summary["mean"].loc[condition, METHOD]
        for metric in means.index[means.index.str.startswith(REGION_BIAS)]:
            region = metric.removeprefix(REGION_BIAS)
            record(f"scans/bias/{condition}/{region}", abs(means[metric]), "<= 2.0", "HU")


def _lesions(done: Finished) -> None:
    """Detectability over that of the full dose's filtered back projection, at each contrast."""
    table = pd.read_csv(done.folder / "lesions.csv")
    shares = table[(table["statistic"] == SHARE) & (table["method"] == METHOD)]
    for row in shares.itertuples():
        bound = ">= 0.9" if QUARTER in str(row.condition) else ""
        record(f"scans/detectability_over_full_dose/{row.condition}/{row.contrast:g}HU", row.value, bound)
