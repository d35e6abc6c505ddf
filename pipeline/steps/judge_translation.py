"""judge_translation: what translated slices are worth, and which lesions were erased and invented."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from pipeline.body import body_of
from pipeline.config import HISTOGRAM_MATCHING, Study
from pipeline.evaluation.cluster_bootstrap import ClusterBootstrap
from pipeline.evaluation.translated_lesions import HALF, erased, invented, lesions_of, usual_contrast
from pipeline.image import Image, Pixels
from pipeline.measures.fidelity import mae, psnr, ssim
from pipeline.splits import Item, items_of, read_splits
from pipeline.steps.domain_material import TranslationError
from pipeline.store import RestoredReader, read_images, read_restored, written_aside
from pipeline.unpaired import FOLD

log = logging.getLogger("clearfield")

RESAMPLINGS = 2000
OVER_CLASSICAL = "mae_over_histogram_matching"
ITEMS = ["method", "item", "group", "metric", "value"]
LESIONS = ["method", "item", "group", "area", "true", "translated", "counted", "erased"]

Row = tuple[str, str, float, float, float, int]
"""Method, metric, value, the ends of its 95% interval, and of how many slices or lesions."""


def judge_translation(
    images: Path, splits: Path, into: Path, into_splits: Path, truth: Path | None, translated: list[Path], study: Study,
    out: Path,
) -> None:  # fmt: skip
    """Write ``items.csv``, ``lesions.csv`` and ``scores.csv`` to the folder ``out``.

    With the truth, within the body: mean absolute error, PSNR and SSIM, the first over that of histogram matching too;
    and where it is known which lesions there are, the share of them that were erased, and how many were invented per
    slice (see :mod:`pipeline.evaluation.translated_lesions`). Without it, errors of the way there and back, and how far
    the values of translated bodies are from those of the other domain (Wasserstein), which say nothing of a single
    slice.

    Parameters
    ----------
    images, splits, into, into_splits, truth
        As for `train_translation`.
    translated : list of Path
        ``<method>/translated.h5``.
    study : Study
    out : Path

    Raises
    ------
    TranslationError
        If there is nothing to judge.
    """
    if not translated:
        raise TranslationError(f"{out}: nothing to judge is given; the step `translate` writes <method>/translated.h5")
    tests = items_of(read_splits(splits), FOLD, "test")
    rows, lesions, distances = [], [], []
    real = _bodies_of(into, items_of(read_splits(into_splits), FOLD, "test"))
    wanted, data_range = _truths(truth, tests)
    usual = usual_contrast([s.contrasts[0] for t in wanted.values() if t.findings is not None
                            for s in lesions_of(t.findings[0], t.pixels[0])])  # fmt: skip
    with read_images(images) as reader:
        for path in translated:
            method, made_of = path.parent.name, []
            with read_restored(path) as made:
                for item in tests:
                    scored = _scores(item, made, wanted.get(item.item), data_range, usual)
                    rows += [(method, item.item, item.group, *score) for score in scored.items()]
                    lesions += [(method, item.item, item.group, *lesion) for lesion in
                                _lesions(made.pixels(item.item), wanted.get(item.item), usual)]  # fmt: skip
                    body = body_of(reader.pixels(item.image, item.window))
                    made_of.append(made.pixels(item.item)[:, body])
            bands = zip(np.concatenate(made_of, 1), real)
            distances.append((method, float(np.mean([wasserstein_distance(*band) for band in bands])), len(tests)))
    by_item, by_lesion = pd.DataFrame(rows, columns=ITEMS), pd.DataFrame(lesions, columns=LESIONS)
    scores = _summary(by_item, by_lesion, distances, study.seed)
    for name, table in (("items", by_item), ("lesions", by_lesion), ("scores", scores)):
        with written_aside(out / f"{name}.csv") as aside:
            table.to_csv(aside, index=False)
    said = scores[scores["metric"] == ("mae" if truth else "distance")]
    log.info("judge_translation: %s: %s", said["metric"].iloc[0],
             ", ".join(f"{r.method} {r.value:.3g}" for r in said.itertuples()))  # fmt: skip


def _bodies_of(path: Path, items: list[Item]) -> list[Pixels]:
    """Values of bodies in real slices that nobody learned from, per band."""
    with read_images(path) as reader:
        slices = [reader.pixels(item.image, item.window) for item in items]
    return [np.concatenate([s[band][body_of(s)] for s in slices]) for band in range(len(slices[0]))]


def _truths(path: Path | None, items: list[Item]) -> tuple[dict[str, Image], float]:
    if path is None:
        return {}, float("nan")
    with read_images(path) as reader:
        found = {item.item: reader.image(item.image, item.window) for item in items}
        return found, float(reader.attributes["data_range"])


def _scores(item: Item, made: RestoredReader, truth: Image | None, data_range: float, usual: float) -> dict[str, float]:
    noted = made.attributes(item.item)
    scores = {name: float(noted[name]) for name in ("cycle_error",) if name in noted}
    if truth is None:
        return scores
    pixels = made.pixels(item.item)
    around = np.broadcast_to(~body_of(truth.pixels), pixels.shape) | truth.mask
    scores["mae"] = mae(pixels, truth.pixels, around)
    scores["psnr"] = psnr(pixels, truth.pixels, data_range, around)
    scores["ssim"] = ssim(pixels, truth.pixels, data_range, around)
    if truth.findings is not None and np.isfinite(usual):
        scores["invented"] = invented(truth.findings[0], truth.pixels[0], pixels[0], usual)
    return scores


def _lesions(pixels: Pixels, truth: Image | None, usual: float) -> list[tuple[int, float, float, bool, bool]]:
    if truth is None or truth.findings is None:
        return []
    found = lesions_of(truth.findings[0], truth.pixels[0], pixels[0])
    return [
        (seen.area, true, there, abs(true) >= HALF * usual, erased(true, there))
        for seen in found
        for true, there in [seen.contrasts]
    ]


def _summary(
    items: pd.DataFrame, lesions: pd.DataFrame, distances: list[tuple[str, float, int]], seed: int
) -> pd.DataFrame:
    rows: list[Row] = []
    for (method, metric), own in items.groupby(["method", "metric"], sort=False):
        rows.append(_mean(str(method), str(metric), own["group"], own["value"], seed))
    errors = items[items["metric"] == "mae"].pivot_table(index=["item", "group"], columns="method", values="value")
    if HISTOGRAM_MATCHING in errors:
        groups, classical = errors.index.get_level_values("group"), errors[HISTOGRAM_MATCHING]
        rows += [_mean(str(name), OVER_CLASSICAL, groups, errors[name], seed, classical) for name in errors]
    for method, own in lesions[lesions["counted"].astype(bool)].groupby("method", sort=False):
        _, _, share, low, high, count = _mean(str(method), "erased", own["group"], own["erased"], seed)
        # A bootstrap that is corrected for few groups does not know that a share has ends.
        rows.append((str(method), "erased", share, max(low, 0.0), min(high, 1.0), count))
    rows += [(method, "distance", value, np.nan, np.nan, count) for method, value, count in distances]
    return pd.DataFrame(rows, columns=["method", "metric", "value", "low", "high", "n"])


def _mean(
    method: str, metric: str, groups: Iterable[str], values: pd.Series, seed: int, over: pd.Series | None = None
) -> Row:
    """Mean of values, or their sum over that of others, with its interval by a bootstrap over groups."""
    counts = np.ones(len(values)) if over is None else over.to_numpy(float)
    found = ClusterBootstrap(list(groups), RESAMPLINGS, seed, "translation").mean(
        values.to_numpy(float)[:, None], counts
    )
    return method, metric, float(found.value[0]), float(found.low[0]), float(found.high[0]), len(values)
