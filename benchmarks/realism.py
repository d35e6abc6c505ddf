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
        counts = false_sources(demo, condition)
        reference = demo.reference(condition)
        for method, (every, bright) in counts.items():
            bounds = [f"<= {n:.6g}" if method == SHARP else "" for n in counts[reference]]
            record(f"realism/false_sources/{condition}/{method}", every, bounds[0], "per Mpx")
            record(f"realism/false_sources_above_limit/{condition}/{method}", bright, bounds[1], "per Mpx")


def false_sources(demo: Finished, condition: str) -> dict[str, tuple[float, float]]:
    """Sources per megapixel of blank sky: all at the depth of the truth, and those above the limit of the data."""
    folder, study = demo.folder, demo.study
    observed = Path("work", study.study, "benchmark", f"{condition}.h5")
    observed.parent.mkdir(parents=True, exist_ok=True)
    degrade(folder / "images.h5", study, condition, observed)
    with read_images(folder / "images.h5") as images, read_observations(observed) as observations:
        sky = images.attributes["sky"]
        level, sigma = sky_level_and_sigma(images.pixels(images.ids[0]).mean(0))
        one = observations.observation(images.ids[0], Window(0, 0, SIZE, SIZE))
    fields = [blank_field(one, sky, study.seed, condition, number) for number in range(FIELDS)]
    noise = fields[0].preview.sigma.mean((1, 2))
    limit = point_source_limit(noise, one.operator.to_dict()["psf"])
    found = {}
    for method in (demo.reference(condition), FAITHFUL, SHARP):
        light = [
            light_of_false_sources(restorer.restore(field).pixels, level, study.evaluate.detection * sigma)
            for restorer in [_restorer(demo, condition, method)]
            for field in fields
        ]
        megapixels, every = FIELDS * SIZE**2 / 1e6, np.concatenate(light)
        found[method] = (len(every) / megapixels, float((every > limit).sum()) / megapixels)
    return found


def _restorer(demo: Finished, condition: str, method: str) -> Restorer:
    network, _, output = method.rpartition("_")
    tuned = demo.folder / "tuned" / condition / f"{method}.json"
    models = [
        demo.folder / "models" / network / f"fold{k}" / f"{output}.safetensors" for k in range(demo.study.split.folds)
    ]
    return restorer_for(demo.study, condition, method, tuned if tuned.is_file() else None, models, FOLD)
