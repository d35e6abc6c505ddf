"""measure: light, colour, place, size and shape of every source, in the truth and in what each method made of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from pipeline.config import Study
from pipeline.evaluation.scene import Scene, scene_of
from pipeline.evaluation.sources import TRUTH, Column, measured
from pipeline.image import Image
from pipeline.observation import ObservationReader, read_observations
from pipeline.physics.noise import addressed_generator
from pipeline.progress import progress
from pipeline.splits import Item, read_splits
from pipeline.steps.evaluate import EvaluationError, check_restored
from pipeline.store import RestoredReader, read_images, read_restored, written_aside

log = logging.getLogger("clearfield")

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("image", "item", "group")]
    + [("fold", pa.int32())]
    + [(name, pa.string()) for name in ("condition", "method")]
    + [("source", pa.int32()), ("band", pa.string()), ("measure", pa.string())]
    + [("value", pa.float64()), ("snr", pa.float32()), ("flag", pa.string())]
)
WITH_MORPHOLOGY = 100
"""Items, drawn at random, the best seen source of which is measured with statmorph: half a second each."""
TOGETHER = 32
"""Items whose rows are written at once."""


def measure(
    images: Path, splits: Path, degraded: Path, restored: list[Path], study: Study, condition: str, out: Path
) -> None:
    """Measure the sources of every test item under one condition, in a Parquet file per method and one of the truth.

    A row is a measure of a source in a band. Places, apertures and the signal-to-noise of the observation are those of
    the truth, so all files have the same sources under the same numbers. One item is in memory at a time.

    Parameters
    ----------
    images, splits, degraded : Path
        ``images.h5``, ``splits.csv``, and what was observed under the condition.
    restored : list of Path
        ``<method>.h5`` of the condition.
    study : Study
    condition : str
    out : Path
        Folder for ``truth.parquet`` and ``<method>.parquet``; columns: image, item, group, fold, condition, method,
        source, band, measure, value, snr, flag.

    Raises
    ------
    EvaluationError
        If an item is missing, holds NaN, or was restored by another fold than the one that never saw it.
    """
    tested = [item for item in read_splits(splits) if item.role == "test"]
    formed = sampled(tested, study.seed)
    sources = 0
    with ExitStack() as stack:
        truths = stack.enter_context(read_images(images))
        observations = stack.enter_context(read_observations(degraded))
        made = {path: stack.enter_context(read_restored(path)) for path in restored}
        for path, results in made.items():
            check_restored(tested, results, path)
        write = {name: stack.enter_context(_writer(out / f"{name}.parquet")) for name in _names(restored)}
        for item in progress(tested, f"measure {condition}", unit="item"):
            truth = truths.image(item.image, item.window)
            scene = _scene(truth, observations, item, truths.shape(item.image), study)
            if scene is None:
                continue
            pixels = {TRUTH: truth.pixels} | {path.stem: _pixels(results, path, item) for path, results in made.items()}
            for name, values in pixels.items():
                write[name](item, condition, name, measured(values, scene, item.item in formed))
            sources += len(scene.sources)
    log.info("measure %s: %d sources on %d items, by %d methods", condition, sources, len(tested), len(restored))


def sampled(items: list[Item], seed: int) -> set[str]:
    """Names of the items that are measured with statmorph: a hundred at random, the same for every method."""
    names = sorted(item.item for item in items)
    random = np.random.default_rng(addressed_generator(seed, "morphology").initial_seed())
    return set(random.choice(names, min(WITH_MORPHOLOGY, len(names)), replace=False).tolist())


def _names(restored: list[Path]) -> list[str]:
    return [TRUTH, *(path.stem for path in restored)]


def _scene(
    truth: Image, observations: ObservationReader, item: Item, shape: tuple[int, int, int], study: Study
) -> Scene | None:
    observation = observations.observation(item.image, item.window, item.fold)
    return scene_of(truth, observation, item, shape[-2:], study.evaluate.apertures, study.evaluate.detection)


def _pixels(results: RestoredReader, path: Path, item: Item) -> np.ndarray:
    pixels = results.pixels(item.item)
    if not np.isfinite(pixels).all():
        raise EvaluationError(f"{path}: item {item.item} holds NaN or infinite values; it cannot be measured")
    return pixels


@contextmanager
def _writer(out: Path) -> Iterator[Callable[[Item, str, str, Iterator[Column]], None]]:
    """Takes the columns of one item after another, and writes those of several at once."""
    waiting: list[pa.Table] = [SCHEMA.empty_table()]

    def write(item: Item, condition: str, method: str, columns: Iterator[Column]) -> None:
        waiting.append(_rows(list(columns), item, condition, method))
        if len(waiting) > TOGETHER:
            writer.write_table(pa.concat_tables(waiting))
            del waiting[1:]

    with written_aside(out) as aside, ParquetWriter(aside, SCHEMA) as writer:
        yield write
        writer.write_table(pa.concat_tables(waiting))


def _rows(columns: list[Column], item: Item, condition: str, method: str) -> pa.Table:
    if not columns:
        return SCHEMA.empty_table()
    counts = [len(column.value) for column in columns]
    values = {
        name: np.concatenate([getattr(column, name) for column in columns])
        for name in ("source", "value", "snr", "flag")
    }
    for name in ("band", "measure"):
        values[name] = np.repeat([getattr(column, name) for column in columns], counts)
    for name in ("image", "item", "group", "fold"):
        values[name] = pa.repeat(getattr(item, name), sum(counts))
    values |= {"condition": pa.repeat(condition, sum(counts)), "method": pa.repeat(method, sum(counts))}
    return pa.table([pa.array(values[field.name]).cast(field.type) for field in SCHEMA], schema=SCHEMA)
