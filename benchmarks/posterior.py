"""Draws from the scenes that may have been: what their mean gains, how near it is to `faithful`, and what they tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.record import record
from benchmarks.study import STUDIES, Finished, finished
from pipeline.evaluation.calibration import ALL, PIXELS
from pipeline.evaluation.scoring import inner_window
from pipeline.measures.predictive import crps_of_draws
from pipeline.observation import read_observations
from pipeline.splits import items_of, read_splits
from pipeline.steps.degrade import degrade
from pipeline.steps.gauge import AS_IT_IS
from pipeline.steps.restore import restorer_for, seen_of
from pipeline.store import read_images

DRAWS = 32
FAITHFUL, SAMPLE = "nafnet_faithful", "nafnet_sample"


def run() -> None:
    """The mean of 32 draws from the true posterior is 2.9 dB better than one, and is the estimate of least error."""
    done = finished(STUDIES / "posterior.yaml")
    intervals = pd.read_csv(done.folder / "intervals.csv").set_index(["method", "psf", "measure", "bin", "statistic"])
    for condition in done.conditions:
        gain = done.paired(condition, "nafnet_mean", SAMPLE).mean()
        record(f"posterior/gain_of_32/{condition}", abs(gain - 2.9), "<= 0.5", "dB from 2.9")
        gap = done.paired(condition, "nafnet_mean", FAITHFUL).mean()
        record(f"posterior/mean_minus_faithful/{condition}", gap, ">= -0.3", "dB")
        own = intervals[intervals["condition"] == condition]["value"].loc[FAITHFUL, AS_IT_IS, PIXELS, ALL, "crps"]
        drawn = float(np.mean(list(_scores(done, condition))))
        record(f"posterior/crps_over_intervals/{condition}", drawn / own, "<= 1.0")


def _scores(done: Finished, condition: str) -> Iterator[float]:
    """CRPS of what the draws come from, by their fair score, averaged over each held-out item."""
    study, folder = done.study, done.folder
    observed = Path("work", study.study, "benchmark", f"{condition}.h5")
    observed.parent.mkdir(parents=True, exist_ok=True)
    degrade(folder / "images.h5", study, condition, observed)
    models = [folder / "models/nafnet" / f"fold{fold}" / "sample.safetensors" for fold in range(study.split.folds)]
    rows = read_splits(folder / "splits.csv")
    with read_images(folder / "images.h5") as truths, read_observations(observed) as observations:
        for fold in range(study.split.folds):
            restorer = restorer_for(study, condition, SAMPLE, None, models, fold)
            for item in items_of(rows, fold, "test"):
                context, seen = seen_of(observations, item)
                core = (..., *item.window.relative_to(context).slices)
                # A draw follows from the name of what is restored.
                named = (replace(seen, preview=replace(seen.preview, id=f"{seen.id} {n}")) for n in range(DRAWS))
                draws = np.stack([restorer.restore(one).pixels[core] for one in named])
                inner = inner_window(item.window, truths.shape(item.image)[-2:], seen.operator.halo)
                here = (..., *inner.slices)
                truth = truths.image(item.image, item.window).pixels
                yield float(crps_of_draws(truth[here], draws[(slice(None), *here)]).mean())
