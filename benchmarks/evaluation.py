"""Time and memory of judging 1,000 survey images of 128 x 128 x 3 in 4 conditions by 8 methods, by the real steps.

Scores and sources are measured on a share of the images under one condition, and reckoned for all, since their time
grows with images, conditions and methods; the tables of all 1,000 under all conditions are then tallied and summarised.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmarks.record import record
from pipeline.config import CLASSICAL_METHODS, Study, study_from
from pipeline.config.plain_values import plain_values
from pipeline.splits import read_splits
from pipeline.steps.degrade import degrade
from pipeline.steps.evaluate import evaluate
from pipeline.steps.ingest import ingest
from pipeline.steps.measure import WITH_MORPHOLOGY, measure
from pipeline.steps.split import split
from pipeline.steps.summarise import summarise
from pipeline.steps.tally import tally
from pipeline.store import read_images, write_images, write_restored

IMAGES, CORES = 1000, 2
DRAWN, SHARE, FEW = 25, 200, 50
"""Images that are drawn, then repeated under other names; how many are measured on, and how many for a first look."""
METHODS = CLASSICAL_METHODS[:8]
SURVEY = Path("config/survey.yaml")


class Cost(NamedTuple):
    """What a step took, in a process of its own as in a study."""

    seconds: float
    """Of the processor."""
    peak: float
    """MiB of memory, with all that is imported."""


def run() -> None:
    """Minutes on two free cores, from the processor's time, and the largest memory of any step."""
    with tempfile.TemporaryDirectory() as name:
        few, share = (_judged(Path(name, str(count)), count) for count in (FEW, SHARE))
        tables = _tables(Path(name))
    steps = {**share, **tables}
    for step, cost in steps.items():
        record(f"evaluation/{step}/memory", cost.peak, "<= 2048", "MiB")
    for step in few:
        growth = (share[step].peak - few[step].peak) / (SHARE - FEW)
        record(f"evaluation/{step}/growth", growth * IMAGES, unit=f"MiB for {IMAGES} images more")
    # statmorph takes a hundred items, however many there are.
    judged, conditions = (share["evaluate"].seconds + share["measure"].seconds), len(_study().conditions)
    whole = {
        "evaluate": share["evaluate"].seconds * len(METHODS) * conditions * IMAGES / SHARE,
        "measure": (share["measure"].seconds - share["statmorph"].seconds) * conditions * IMAGES / SHARE,
        "statmorph": share["statmorph"].seconds * conditions,
        **{step: cost.seconds for step, cost in tables.items()},
    }
    for step, seconds in whole.items():
        record(f"evaluation/{step}", seconds / 60, unit="min of one core")
    record("evaluation/measured", judged / 60, unit=f"min of one core, on {SHARE} images under one condition")
    record("evaluation/whole", sum(whole.values()) / CORES / 60, "<= 30", f"min on {CORES} free cores")


def _judged(folder: Path, count: int) -> dict[str, Cost]:
    """Scores of one method and sources of all under one condition, and of the latter what statmorph takes."""
    study = _study()
    condition = study.conditions[0].name
    folder.mkdir()
    given = _files(folder, study, condition, count)
    restored = [folder / f"{method}.h5" for method in METHODS]
    scores = partial(evaluate, *given, restored[0], study, condition, METHODS[0], folder / f"{METHODS[0]}.parquet")
    sources = partial(measure, *given, restored, study, condition, folder / "sources")
    without = _alone(partial(_with_morphology, 0, sources))
    whole = _alone(partial(_with_morphology, WITH_MORPHOLOGY, sources))
    return {
        "evaluate": _alone(scores),
        "measure": whole,
        "statmorph": Cost(whole.seconds - without.seconds, whole.peak),
    }


def _tables(folder: Path) -> dict[str, Cost]:
    """Tally and summary of all images, conditions and methods: the share's tables under other names."""
    study, share = _study(), folder / str(SHARE)
    scores, sources, tuned = [], [], []
    for condition in study.conditions:
        for method in [*METHODS, "truth"]:
            sources.append(folder / "sources" / condition.name / f"{method}.parquet")
            _repeated(share / "sources" / f"{method}.parquet", sources[-1], condition=condition.name)
        for method in METHODS:
            scores.append(folder / "metrics" / condition.name / f"{method}.parquet")
            _repeated(share / f"{METHODS[0]}.parquet", scores[-1], condition=condition.name, method=method)
            tuned.append(folder / "tuned" / condition.name / f"{method}.json")
            tuned[-1].parent.mkdir(parents=True, exist_ok=True)
            folds = {str(k): {"settings": {}, "psnr": 20.0, "tried": 1} for k in range(study.split.folds)}
            tuned[-1].write_text(json.dumps({"method": method, "condition": condition.name, "folds": folds}))
    return {
        "tally": _alone(partial(tally, sources, study, folder / "sources.csv")),
        "summarise": _alone(partial(summarise, scores, tuned, study, folder / "metrics.csv", folder / "summary.csv")),
    }


def _repeated(path: Path, out: Path, **labels: str) -> None:
    table = pd.read_parquet(path).assign(**labels)
    if "method" in labels:
        # No two methods have the same scores, which would be ties all over.
        table["value"] *= 1 + 1e-3 * np.random.default_rng(len(labels["method"])).standard_normal(len(table))
    every = [
        table.assign(**{name: table[name] + f"_{number}" for name in ("image", "item", "group")})
        for number in range(IMAGES // SHARE)
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(every, ignore_index=True).to_parquet(out, index=False)


def _study() -> Study:
    values: dict[str, Any] = plain_values(SURVEY)
    values["images"]["survey"]["images"] = DRAWN
    return study_from({**values, "methods": list(METHODS), "networks": {}})


def _files(folder: Path, study: Study, condition: str, count: int) -> tuple[Path, Path, Path]:
    """Images, splits and observations; and what eight methods made of them: the truth, and noise that grows."""
    drawn, images, splits, degraded = (folder / n for n in ("drawn.h5", "images.h5", "splits.csv", "observed.h5"))
    ingest(study, drawn)
    with read_images(drawn) as scenes, write_images(images, **scenes.attributes) as written:
        for number in range(count):
            scene = scenes.image(scenes.ids[number % len(scenes.ids)])
            # Elsewhere on the sky, or they would all be one group.
            written.append(replace(scene, id=f"{number:04d}", group=f"{number:04d}", header=None))
    split(images, study, splits)
    degrade(images, study, condition, degraded)
    folds = {item.item: item.fold for item in read_splits(splits) if item.role == "test"}
    random = np.random.default_rng(0)
    with read_images(images) as scenes:
        for strength, method in enumerate(METHODS, 1):
            with write_restored(folder / f"{method}.h5", method=method) as restored:
                for id in scenes.ids:
                    pixels = scenes.image(id).pixels
                    restored.append(id, pixels + strength * random.standard_normal(pixels.shape), fold=folds[id])
    return images, splits, degraded


def _with_morphology(items: int, job: Callable[[], None]) -> None:
    from pipeline.steps import measure as step

    step.WITH_MORPHOLOGY = items
    job()


def _alone(job: Callable[[], None]) -> Cost:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_cost, (job,))


def _cost(job: Callable[[], None]) -> Cost:
    import torch

    torch.set_num_threads(1)
    begin = time.process_time()
    job()
    return Cost(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
