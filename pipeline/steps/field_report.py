"""field_report: the page on which synthetic fields stand beside the real sky."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from pipeline.config import Study
from pipeline.display import Scaling
from pipeline.physics.noise import addressed_random
from pipeline.report.field_page import FieldPage, write_field_page
from pipeline.report.quiz import REAL
from pipeline.splits import read_splits
from pipeline.steps.catalogue import read_catalogue
from pipeline.steps.real_sky import HELD_OUT, TRAINING, real_sky
from pipeline.steps.synthetic_field import open_field
from pipeline.store import StoreError, read_images
from pipeline.windowed import WindowedImage

log = logging.getLogger("clearfield")


def field_report(
    images: Path, splits: Path, sky: Path, fields: list[Path], catalogues: list[Path], tables: list[Path], study: Study,
    out: Path, figures: Path, pages: Sequence[Path] = (),
) -> None:  # fmt: skip
    """Write ``report.html`` and its figures.

    Parameters
    ----------
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    sky : Path
        Catalogue of the real sky.
    fields, catalogues : list of Path
        ``<generator>/field.h5``, ``<generator>/catalogue.parquet``.
    tables : list of Path
        ``compare.csv``, ``curves.csv``, ``nearest.csv``, ``traces.csv``.
    study : Study
    out, figures : Path
        The page, and the folder of its figures.
    pages : sequence of Path
        ``<generator>/field.html``, where `deep_zoom` wrote them; the page leads there.

    Raises
    ------
    StoreError
        If a table is missing.
    """
    compared, curves, nearest = (_read(tables, f"{name}.csv", "compare") for name in ("compare", "curves", "nearest"))
    findings = pd.concat([compared, _read(tables, "traces.csv", "traces")], ignore_index=True)
    table = read_catalogue(sky)[0]
    real = table[table["role"] == HELD_OUT]
    with ExitStack() as stack:
        reader = stack.enter_context(read_images(images))
        noted = reader.attributes
        items = read_splits(splits)
        held_out, training = (real_sky(reader, items, role).fields for role in (HELD_OUT, TRAINING))
        skies: dict[str, Sequence[WindowedImage]] = {REAL: held_out}
        reach = {}
        for path in fields:
            field = stack.enter_context(open_field(path, held_out[0]))
            skies[path.parent.name] = [field.image]
            if field.reach is not None:
                reach[path.parent.name] = field.reach
        beside = {path.parent.name: path for path in catalogues}
        shown = {
            name: _as_many(read_catalogue(beside[name])[0], len(real), study.seed, name)
            for name in skies
            if name != REAL
        }
        first = held_out[0]
        scaling = Scaling(first.unit, first.bands, noted["sky"], noted["sky_sigma"], noted["data_range"])
        page = FieldPage(
            findings, curves, nearest, skies, training, {REAL: real, **shown}, scaling, reach, study.study, study.seed,
            {path.parent.name: quote(os.path.relpath(path, out.parent)) for path in pages},
        )  # fmt: skip
        write_field_page(page, out, figures)
    log.info("field report: %s", out)


def _read(tables: list[Path], name: str, step: str) -> pd.DataFrame:
    for path in tables:
        if path.name == name:
            return pd.read_csv(path)
    raise StoreError(f"{name}: is not among the files given; the step `{step}` writes it")


def _as_many(table: pd.DataFrame, count: int, *address: object) -> pd.DataFrame:
    if len(table) <= count:
        return table
    return table.iloc[addressed_random(*address, "shown").choice(len(table), count, replace=False)]
