"""Time of judging 1,000 images of 128 x 128 x 3 under 4 conditions by 8 methods: fidelity, photometry and shapes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import galsim
import numpy as np
import pandas as pd
import torch

from benchmarks.record import record
from pipeline.config import study_from
from pipeline.image import Image
from pipeline.observation import Observation, write_observations
from pipeline.physics import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.splits import COLUMNS
from pipeline.steps import measure as step
from pipeline.steps.evaluate import evaluate
from pipeline.store import write_images, write_restored

IMAGES, SIDE, GALAXIES, NOISE = 24, 128, 12, 0.3
FORMED = 4
"""Images measured with statmorph."""
METHODS = [f"method{i}" for i in range(8)]
WHOLE = {"images": 1000, "conditions": 4, "methods": len(METHODS), "cores": 2}
STUDY = study_from(
    {
        "images": {"dataset": "folder", "path": "{id}.fits", "unit": "nanomaggy"},
        "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [NOISE]}},
        "evaluate": {"shapes": True},
    }
)


def run() -> None:
    """A few images, by one core; the whole is reckoned from the time of an image and method."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, np.random.default_rng(0))
        score, shapes, formed = _timed(folder)
    record("sources/evaluate", 1e3 * score, unit="ms per image and method")
    record("sources/measure", 1e3 * shapes, unit="ms per image and method, without statmorph")
    record("sources/statmorph", formed, unit="s per source")
    judged = WHOLE["images"] * WHOLE["conditions"] * WHOLE["methods"] * (score + shapes)
    sampled = step.WITH_MORPHOLOGY * WHOLE["conditions"] * (WHOLE["methods"] + 1) * formed
    record("sources/whole", (judged + sampled) / WHOLE["cores"] / 60, "<= 30", "min on 2 cores")


def _timed(folder: Path) -> tuple[float, float, float]:
    """Seconds of scores and of shapes per image and method, and of statmorph per source."""
    condition = STUDY.conditions[0].name
    given = folder / "images.h5", folder / "splits.csv", folder / "degraded.h5"
    restored = [folder / f"{method}.h5" for method in METHODS]
    score = _seconds(lambda: evaluate(*given, restored[0], STUDY, condition, METHODS[0], folder / "scores.parquet"))
    whole, seconds = step.WITH_MORPHOLOGY, []
    for count in (0, FORMED):
        step.WITH_MORPHOLOGY = count
        seconds.append(_seconds(lambda: step.measure(*given, restored, STUDY, condition, folder / "sources")))
    step.WITH_MORPHOLOGY = whole
    shapes = seconds[0] / IMAGES / len(METHODS)
    return score / IMAGES, shapes, (seconds[1] - seconds[0]) / FORMED / (len(METHODS) + 1)


def _seconds(job: Callable[[], None]) -> float:
    # Of the processor: the bound is of what two free cores do.
    begin = time.process_time()
    job()
    return time.process_time() - begin


def _write(folder: Path, random: np.random.Generator) -> None:
    """Truths without noise, and observations that stand for what eight methods restored."""
    operator = Blur(draw_psf("gaussian", 3.0).expand(3, -1, -1).contiguous(), GaussianNoise((NOISE,) * 3))
    trusted = np.zeros((3, SIDE, SIDE), bool)
    truths, previews = [], []
    for number in range(IMAGES):
        truth = Image(f"i{number}", _scene(random), trusted, "nanomaggy", ("g", "r", "i"), group=f"i{number}")
        blurred = operator.forward(torch.from_numpy(truth.pixels)[None])[0].numpy()
        noisy = (blurred + NOISE * random.normal(size=truth.shape)).astype(np.float32)
        truths.append(truth)
        previews.append(replace(truth, pixels=noisy, sigma=np.full(truth.shape, NOISE, np.float32)))
    with (
        write_images(folder / "images.h5", data_range=10.0) as images,
        write_observations(folder / "degraded.h5") as seen,
    ):
        for truth, preview in zip(truths, previews):
            images.append(truth)
            seen.append(Observation(preview, operator))
    for method in METHODS:
        with write_restored(folder / f"{method}.h5") as restored:
            for preview in previews:
                restored.append(preview.id, preview.pixels, fold=0)
    rows = [(t.id, t.id, 0, 0, SIDE, SIDE, t.group, 0, "test", 0) for t in truths]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(folder / "splits.csv", index=False)


def _scene(random: np.random.Generator) -> np.ndarray:
    image = galsim.Image(SIDE, SIDE, xmin=0, ymin=0, scale=1, dtype=float)
    for _ in range(GALAXIES):
        size, flux = 1.5 + 3 * random.random(), 10 ** random.uniform(1, 3.7)
        galaxy = galsim.Exponential(half_light_radius=size, flux=flux).shear(g1=0.1 * random.normal(), g2=0.1)
        place = galsim.PositionD(*random.uniform(5, SIDE - 5, 2))
        galaxy.drawImage(image, center=place, add_to_image=True)
    return np.stack([tint * image.array for tint in (1.0, 0.8, 0.5)]).astype(np.float32)
