"""Translation from CT to MR without pairs: its error over histogram matching's, noise between the loops, lesions."""

from __future__ import annotations

import pandas as pd

from benchmarks.record import record
from benchmarks.study import STUDIES, Finished, finished
from pipeline.config import HISTOGRAM_MATCHING

TARGET = "translation"
CYCLEGAN, PAIRED = "cyclegan", "pix2pix"
LESIONS = (0, 50, 100)
"""Percent of the heads of the second domain that have lesions; of the first, 50 have, and of the truth the same."""


def run() -> None:
    """At most 0.7 of the error of histogram matching; erased and invented lesions are told, and have no bound."""
    done = finished(STUDIES / "translation.yaml", TARGET)
    scores = scores_of(done)
    for name, network in done.study.translators.items():
        figure = f"noise{network.noise:g}" if network.architecture == CYCLEGAN else name
        bound = "<= 0.7" if name == CYCLEGAN else ""
        record(f"translation/mae_over_histogram_matching/{figure}", scores[name, "mae_over_histogram_matching"], bound)
        _lesions(scores, name, figure)
    _lesions(scores, HISTOGRAM_MATCHING, HISTOGRAM_MATCHING)
    for share in LESIONS:
        ill = scores_of(finished(STUDIES / f"translation_lesions{share}.yaml", TARGET))
        record(f"translation/mae_over_histogram_matching/lesions{share}", ill[CYCLEGAN, "mae_over_histogram_matching"])
        _lesions(ill, CYCLEGAN, f"lesions{share}")


def scores_of(done: Finished) -> pd.Series:
    """Values of ``scores.csv``, by method and metric."""
    table = pd.read_csv(done.folder / "translation" / "scores.csv")
    return table.set_index(["method", "metric"])["value"]


def _lesions(scores: pd.Series, method: str, figure: str) -> None:
    record(f"translation/erased/{figure}", scores[method, "erased"])
    record(f"translation/invented/{figure}", scores[method, "invented"], unit="per slice")
