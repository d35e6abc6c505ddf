"""The demo's `sharp`: how real its texture looks, and whether it makes sources of noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.record import record
from benchmarks.study import Finished, finished
from pipeline.evaluation.blank_fields import blank_field, light_of_false_sources, point_source_limit
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.observation import read_observations
from pipeline.restorers.restorer import Restorer
from pipeline.steps.degrade import degrade
from pipeline.steps.restore import restorer_for
from pipeline.store import read_images
from pipeline.tiling import Window

FIELDS, SIZE = 4, 512
FOLD = 0
DEPTHS = (3.0, 5.0)
"""Sigmas of the truth's sky above which a source is found: about the faintest that are taken, and the demo's own."""
FAITHFUL, SHARP = "nafnet_faithful", "nafnet_sharp"


def run() -> None:
    """Spectrum and kernel distance of `sharp` over those of `faithful`; false sources of all."""
    demo = finished(Path("config/config.yaml"))
    for condition in demo.conditions:
        error = demo.summary["median"].loc[condition].xs("log_spectrum_error", level="metric")
        record(f"realism/spectrum_error_ratio/{condition}", error[SHARP] / error[FAITHFUL], "<= 0.5")
        judged = pd.read_parquet(demo.folder / "discerned" / f"{condition}.parquet")
        distance = judged[judged["judge"] == "kernel"].groupby("method")["value"].mean()
        record(f"realism/kernel_distance_ratio/{condition}", distance[SHARP] / distance[FAITHFUL], "<= 0.5")
        counts, reference = false_sources(demo, condition), demo.reference(condition)
        for (method, what), count in counts.items():
            bound = f"<= {counts[reference, what]:.6g}" if method == SHARP else ""
            record(f"realism/false_sources_{what}/{condition}/{method}", count, bound, "per Mpx")


def false_sources(demo: Finished, condition: str) -> dict[tuple[str, str], float]:
    """Sources per megapixel of blank sky, by method and depth, and of the deepest those above the limit of the data."""
    folder, study = demo.folder, demo.study
    observed = Path("work", study.study, "benchmark", f"{condition}.h5")
    observed.parent.mkdir(parents=True, exist_ok=True)
    degrade(folder / "images.h5", study, condition, observed)
    with read_images(folder / "images.h5") as images, read_observations(observed) as observations:
        sky = images.attributes["sky"]
        level, sigma = sky_level_and_sigma(images.image(images.ids[0]).pixels.mean(0))
        one = observations.observation(images.ids[0], Window(0, 0, SIZE, SIZE), 0)
    fields = [blank_field(one, sky, study.seed, condition, number) for number in range(FIELDS)]
    noise = fields[0].preview.sigma.mean((1, 2))
    limit = point_source_limit(noise, one.operator.to_dict()["psf"])
    found = {}
    for method in (demo.reference(condition), FAITHFUL, SHARP):
        restorer, megapixels = _restorer(demo, condition, method), FIELDS * SIZE**2 / 1e6
        restored = [restorer.restore(field).pixels for field in fields]
        for depth in DEPTHS:
            light = np.concatenate([light_of_false_sources(one, level, depth * sigma) for one in restored])
            found[method, f"{depth:g}sigma"] = len(light) / megapixels
            if depth == min(DEPTHS):
                found[method, "above_limit"] = float((light > limit).sum()) / megapixels
    return found


def _restorer(demo: Finished, condition: str, method: str) -> Restorer:
    network, _, output = method.rpartition("_")
    tuned = demo.folder / "tuned" / condition / f"{method}.json"
    models = [
        demo.folder / "models" / network / f"fold{k}" / f"{output}.safetensors" for k in range(demo.study.split.folds)
    ]
    return restorer_for(demo.study, condition, method, tuned if tuned.is_file() else None, models, FOLD)
