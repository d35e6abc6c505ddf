"""A small study whose results are made up, file by file, so that the report can be tested without a run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from pipeline.config import Study, study_from
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.evaluation.source_summary import COLUMNS as SOURCE_COLUMNS
from pipeline.evaluation.summary import COLUMNS as SUMMARY_COLUMNS
from pipeline.image import Image
from pipeline.splits import COLUMNS as SPLIT_COLUMNS
from pipeline.splits import read_splits
from pipeline.steps.rank import rank
from pipeline.store import read_images, write_images, write_restored

QUALITY = {
    "degraded": 24.0,
    "wiener": 26.6,
    "unsupervised_wiener": 26.2,
    "richardson_lucy": 28.3,
    "total_variation": 29.0,
}
OTHERS = {"ssim": 0.7, "mae": 0.02, "chi2_dof": 1.0, "log_spectrum_error": 0.5}
SOURCE_BINS = ("all", *BINS)
SKY, SKY_SIGMA = 0.05, 0.02


@dataclass
class MadeStudy:
    """Where the files of a made-up study lie; the fields are the report's arguments."""

    study: Study
    images: Path
    splits: Path
    restored: list[Path]
    metrics_csv: Path
    summary_csv: Path
    comparisons_csv: Path
    ranking_csv: Path
    histories: list[Path]
    tuned: list[Path]
    discerned: list[Path] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)

    def report_arguments(self, out: Path) -> dict[str, Any]:
        """Arguments of the step ``report``, which writes to the folder ``out``."""
        given = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return given | {
            "out": out / "report.html",
            "figures_dir": out / "figures",
            "provenance": out / "provenance.json",
            "lesions": [],
            "intervals": [],
        }


def make_study(
    folder: Path,
    *,
    gain: float | tuple[float, ...] = 1.8,
    half_width: float = 0.3,
    bands: tuple[str, ...] = ("red", "green", "blue"),
    unit: str = "display",
    images: int = 1,
    name: str = "field",
    size: tuple[int, int] = (180, 240),
    methods: tuple[str, ...] = tuple(QUALITY),
    networks: bool = True,
    fwhm: tuple[str, ...] = ("3px", "4px"),
    spaces: tuple[str, ...] = ("linear",),
    shapes: bool = False,
) -> MadeStudy:
    """Write a study in which the network's PSNR exceeds the best classical one's by ``gain`` (dB, per condition)."""
    study = study_from(
        {
            "study": "made",
            "images": {"dataset": "hubble"}
            if unit == "display"
            else {"dataset": "folder", "path": "{id}.fits", "unit": unit},
            "degrade": {"psf": {"fwhm": list(fwhm)}, "noise": {"sigma": [0.05]}},
            "methods": list(methods),
            "networks": {"nafnet": {"architecture": "nafnet"}} if networks else {},
            "evaluate": {"spaces": list(spaces), "shapes": shapes},
        }
    )
    random = np.random.default_rng(1)
    made = MadeStudy(
        study, folder / "images.h5", folder / "splits.csv", [], folder / "metrics.csv", folder / "summary.csv",
        folder / "comparisons.csv", folder / "ranking.csv", [], [],
    )  # fmt: skip
    _write_images(made.images, random, images, name, bands, unit, size)
    _write_splits(made.splits, study.split.folds, made.images)
    gains = gain if isinstance(gain, tuple) else (gain,) * len(study.conditions)
    scores, summaries = [], []
    for condition, more in zip(study.conditions, gains):
        quality = {m: QUALITY[m] for m in study.methods}
        best = max(quality.values())
        quality |= {m: best + more - 0.9 * m.endswith("sharp") for m in study.network_methods}
        for method in study.all_methods:
            path = folder / "restored" / condition.name / f"{method}.h5"
            _write_restored(path, made, random, quality[method])
            made.restored.append(path)
            scores += _scores(made, random, condition.name, method, quality[method])
        summaries += _summary(study, condition.name, quality, half_width, images, unit)
        made.discerned.append(_write_discerned(folder, study, condition.name))
        made.tuned += [_write_tuned(folder, study, condition.name, m) for m in study.methods]
    if shapes:
        made.sources.append(_write_sources(folder, study, unit))
    pd.DataFrame(scores).to_csv(made.metrics_csv, index=False)
    pd.DataFrame(summaries, columns=list(SUMMARY_COLUMNS)).to_csv(made.summary_csv, index=False)
    _rank(folder, made, pd.DataFrame(scores))
    for network in study.networks:
        made.histories += [
            _write_history(folder, network, fold, random) for fold in ("fold0", "fold1", "fold2", "final")
        ]
    return made


def _write_images(
    path: Path, random: Any, count: int, name: str, bands: tuple[str, ...], unit: str, size: tuple[int, int]
) -> None:
    ids = [name] if count == 1 else [f"{name}{i}" for i in range(count)]
    noted = {"data_range": 1.0, "sky": [SKY] * len(bands), "sky_sigma": [SKY_SIGMA] * len(bands)}
    with write_images(path, **noted) as writer:
        for id in ids:
            points = np.zeros(size)
            places = tuple(random.integers(0, s, size[0] * size[1] // 250) for s in size)
            points[places] = random.pareto(1.2, len(places[0])) + 0.3
            light = gaussian_filter(points, 1.1) * 1.5 + gaussian_filter(points, 4) * 6
            tints = random.uniform(0.6, 1.2, (len(bands), 1, 1))
            pixels = SKY + tints * light + SKY_SIGMA * random.standard_normal((len(bands), *size))
            pixels = np.minimum(pixels, 1).astype(np.float32)
            writer.append(Image(id, pixels, np.zeros(pixels.shape, bool), unit, bands, group=id))


def _write_splits(path: Path, folds: int, images: Path) -> None:
    rows = []
    with read_images(images) as reader:
        ids = reader.ids
        _, height, width = reader.shape(ids[0])
    if len(ids) > 1:
        places = [(id, id, 0, 0, height, width, id, i % folds, i) for i, id in enumerate(ids)]
    else:
        block, strip = 60, width // folds
        places = [
            (ids[0], f"{ids[0]}/band{b}block{k}", k * block, b * strip, block, strip, f"band{b}", b, k)
            for b in range(folds)
            for k in range(height // block)
        ]
    for fold in range(folds):
        for *place, band, index in places:
            role = "test" if band == fold else "tune" if index == 0 else "train"
            rows.append((*place, fold, role, index % 2))
    pd.DataFrame(rows, columns=list(SPLIT_COLUMNS)).to_csv(path, index=False)


def _tests(made: MadeStudy) -> list:
    return [item for item in read_splits(made.splits) if item.role == "test"]


def _write_restored(path: Path, made: MadeStudy, random: Any, psnr: float) -> None:
    blur = 0 if "nafnet" in path.stem else 1.4 if path.stem == "degraded" else 0.7
    with read_images(made.images) as reader, write_restored(path) as writer:
        for item in _tests(made):
            truth = reader.image(item.image, item.window).pixels
            smooth = gaussian_filter(truth, (0, blur, blur))
            noise = 10 ** (-psnr / 20) * random.standard_normal(truth.shape)
            writer.append(item.item, smooth + noise, fold=item.fold, seconds=0.4 if "nafnet" in path.stem else 0.05)


def _scores(made: MadeStudy, random: Any, condition: str, method: str, psnr: float) -> list[dict[str, Any]]:
    rows = []
    for item in _tests(made):
        where = {"image": item.image, "item": item.item, "group": item.group, "fold": item.fold}
        for space in made.study.evaluate.spaces:
            value = psnr + 0.6 * item.fold + 0.5 * random.standard_normal()
            rows.append(
                {**where, "condition": condition, "method": method, "space": space, "metric": "psnr", "value": value}
            )
    return rows


def _summary(
    study: Study, condition: str, quality: dict[str, float], half_width: float, images: int, unit: str
) -> list[dict[str, Any]]:
    reference = max(study.methods, key=lambda m: quality[m])
    sums = "aperture" if unit == "display" else "flux"
    others = OTHERS | {f"{sums}_{what}_r{r}": v for r in (3, 6) for what, v in (("bias", -0.02), ("nmad", 0.08))}
    common = {"condition": condition, "n": 9, "reference": reference, "scope": "field" if images == 1 else "population"}
    rows = []
    for method, psnr in quality.items():
        difference = psnr - quality[reference]
        p_value = np.nan if method == reference else 0.004
        rows += [
            {
                **common, "method": method, "space": space, "metric": "psnr", "median": psnr, "mean": psnr,
                "low": psnr - half_width, "high": psnr + half_width, "difference": difference,
                "difference_low": difference - half_width, "difference_high": difference + half_width,
                "p_value": p_value, "rank": 1,
            }
            for space in study.evaluate.spaces
        ]  # fmt: skip
        for number, (metric, value) in enumerate(others.items()):
            shifted = value * (1 + 0.02 * (number + 1) * (30 - psnr))
            rows.append(
                {
                    **common, "method": method, "space": "linear", "metric": metric, "median": shifted, "mean": shifted,
                    "low": shifted * 0.98, "high": shifted * 1.02, "difference": 0.0, "difference_low": 0.0,
                    "difference_high": 0.0, "p_value": p_value, "rank": 1,
                }
            )  # fmt: skip
    return rows


def _rank(folder: Path, made: MadeStudy, scores: pd.DataFrame) -> None:
    """What the step `rank` makes of the scores."""
    files = []
    for (condition, method), part in scores.groupby(["condition", "method"], sort=False):
        files.append(folder / "metrics" / str(condition) / f"{method}.parquet")
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        part.to_parquet(files[-1], index=False)
    rank(files, made.summary_csv, made.study, made.comparisons_csv, made.ranking_csv)


def _write_tuned(folder: Path, study: Study, condition: str, method: str) -> Path:
    settings = {} if method in ("degraded", "unsupervised_wiener") else {"weight": 0.0123456, "iterations": 30}
    settings |= {"signal": {"power": [0.123456] * 40}} if method == "wiener" else {}
    path = folder / "tuned" / condition / f"{method}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    folds = {str(k): {"settings": settings, "psnr": QUALITY[method], "tried": 12} for k in range(study.split.folds)}
    path.write_text(json.dumps({"method": method, "condition": condition, "folds": folds}))
    return path


def _write_sources(folder: Path, study: Study, unit: str) -> Path:
    """A bias of 0.01 per dB that a method falls short of 30, in every bin the double of the next."""
    light = "aperture" if unit == "display" else "flux"
    statistics = {
        f"{light}_2fwhm": ("bias", "scatter", "r2"), "half_light_radius": ("bias", "scatter", "r2"),
        "centroid": ("error",),
        "shear": ("error", "m1", "c1", "m2", "c2"), "gini": ("bias", "scatter"), "completeness": ("share",),
        "purity": ("share",),
    } | ({} if unit == "display" else {"colour_2fwhm": ("bias", "scatter")})  # fmt: skip
    counts = {"n": 40, "asked": 44, "flagged": 4, "left_out": 6}
    rows = []
    for condition, method in product([c.name for c in study.conditions], study.all_methods):
        error = 0.01 * (30 - QUALITY.get(method, 29.5))
        for (measure, names), (power, bin_) in product(statistics.items(), enumerate(reversed(SOURCE_BINS))):
            for statistic in names:
                value = (-1 if statistic in ("bias", "m1") else 1) * error * 2**power
                where = {"condition": condition, "method": method, "measure": measure, "statistic": statistic}
                bounds = {"value": value, "low": value - 0.01, "high": value + 0.01}
                rows.append({**where, "axis": "snr", "bin": bin_, **bounds, **counts})
                if statistic == "r2" and bin_ == "all":
                    folds = [{**bounds, "value": 0.9 - error - 0.02 * fold} for fold in range(study.split.folds)]
                    rows += [{**where, "axis": "fold", "bin": str(k), **of, **counts} for k, of in enumerate(folds)]
    path = folder / "sources.csv"
    pd.DataFrame(rows, columns=list(SOURCE_COLUMNS)).to_csv(path, index=False)
    return path


def _write_discerned(folder: Path, study: Study, condition: str) -> Path:
    path = folder / "discerned" / f"{condition}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    areas = dict.fromkeys(study.network_methods, 0.9) | {"real": 0.5}
    rows = [
        (condition, method, judge, number, area + 0.001 * number - shift)
        for method, area in areas.items()
        for judge, shift in {"weak": 0.02, "strong": 0.0, "kernel": 0.5}.items()
        for number in range((2 if judge == "strong" else 40) if method == "real" else 1)
    ]
    pd.DataFrame(rows, columns=["condition", "method", "judge", "round", "value"]).to_parquet(path, index=False)
    return path


def _write_history(folder: Path, network: str, fold: str, random: Any) -> Path:
    path = folder / "models" / network / fold / "history.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "step": step, "stage": stage, "seconds": 0.3 * step,
            "generator_total": 0.2 * step**-0.3 + 0.3 * (stage == "adversarial"),
            **({"told_apart": 0.8, "variety": 0.9, "r_v": 0.1} if stage == "adversarial" else {}),
            "validation_psnr": 31 - 40 / step**0.5 - 0.5 * (stage == "adversarial") + 0.1 * random.standard_normal(),
        }
        for stage, last in (("regression", 600), ("adversarial", 200))
        for step in range(50, last + 1, 50)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(path, index=False)
    return path
