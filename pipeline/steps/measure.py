"""measure: light, colour, place, size and shape of every source, on the truth or on what one method made of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from pipeline.config import Study
from pipeline.evaluation.scene import scene_of
from pipeline.evaluation.sources import Column, measured
from pipeline.observation import ObservationReader, read_observations
from pipeline.physics.noise import addressed_generator
from pipeline.progress import progress
from pipeline.splits import Item, read_splits
from pipeline.steps.evaluate import check_restored
from pipeline.store import ImageReader, RestoredReader, read_images, read_restored, written_aside

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
TOGETHER = 64
"""Items whose rows are written at once."""


def measure(
    images: Path,
    splits: Path,
    degraded: Path,
    restored: Path | None,
    study: Study,
    condition: str,
    method: str,
    out: Path,
) -> None:
    """Measure the sources of every test item and write one row per source, band and measure to ``out`` (Parquet).

    Places, apertures and the signal-to-noise of the observation are those of the truth, so the files of a condition
    have the same sources under the same numbers. Items are read and written one after another.

    Parameters
    ----------
    images, splits, degraded : Path
        ``images.h5``, ``splits.csv``, and what was observed under the condition.
    restored : Path, optional
        What was restored; without it the truth itself is measured.
    study : Study
    condition, method : str
        What is measured; ``truth`` for the truth.
    out : Path
        Columns: image, item, group, fold, condition, method, source, band, measure, value, snr, flag.

    Raises
    ------
    EvaluationError
        If an item is missing, or was restored by another fold than the one that never saw it.
    """
    tested = [item for item in read_splits(splits) if item.role == "test"]
    formed = sampled(tested, study.seed)
    sources = 0
    with (
        read_images(images) as truths,
        read_observations(degraded) as observations,
        nullcontext() if restored is None else read_restored(restored) as results,
        _writer(out) as write,
    ):
        if results is not None and restored is not None:
            check_restored(tested, results, restored)
        for item in progress(tested, f"measure {condition} {method}", unit="item"):
            columns = list(_measured(item, truths, observations, results, study, item.item in formed))
            write([_rows(column, item, condition, method) for column in columns])
            sources += max((len(column.value) for column in columns), default=0)
    log.info("measure %s %s: %d sources on %d items", condition, method, sources, len(tested))


def sampled(items: list[Item], seed: int) -> set[str]:
    """Names of the items that are measured with statmorph: a hundred at random, the same for every method."""
    names = sorted(item.item for item in items)
    random = np.random.default_rng(addressed_generator(seed, "morphology").initial_seed())
    return set(random.choice(names, min(WITH_MORPHOLOGY, len(names)), replace=False).tolist())


@contextmanager
def _writer(out: Path) -> Iterator[Callable[[list[pa.Table]], None]]:
    """Takes the rows of one item after another, and writes those of several at once."""
    waiting: list[pa.Table] = [SCHEMA.empty_table()]
    items = 0

    def write(tables: list[pa.Table]) -> None:
        nonlocal items
        waiting.extend(tables)
        items += 1
        if items % TOGETHER == 0:
            writer.write_table(pa.concat_tables(waiting))
            del waiting[1:]

    with written_aside(out) as aside, ParquetWriter(aside, SCHEMA) as writer:
        yield write
        writer.write_table(pa.concat_tables(waiting))


def _measured(
    item: Item,
    truths: ImageReader,
    observations: ObservationReader,
    results: RestoredReader | None,
    study: Study,
    with_morphology: bool,
) -> Iterator[Column]:
    height, width = truths.shape(item.image)[-2:]
    truth = truths.image(item.image, item.window)
    observation = observations.observation(item.image, item.window)
    scene = scene_of(
        truth, observation, item, (height, width), study.evaluate.apertures, study.evaluate.detection
    )  # fmt: skip
    if scene is not None:
        yield from measured(truth.pixels if results is None else results.pixels(item.item), scene, with_morphology)


def _rows(column: Column, item: Item, condition: str, method: str) -> pa.Table:
    count = len(column.value)
    same = (item.image, item.item, item.group, item.fold, condition, method)
    arrays = [*(pa.repeat(value, count) for value in same), column.source, pa.repeat(column.band, count)]
    arrays += [pa.repeat(column.measure, count), column.value, column.snr, column.flag]
    return pa.table([pa.array(a).cast(f.type) for a, f in zip(arrays, SCHEMA)], schema=SCHEMA)
