"""compare: how far synthetic fields are from the sky that no generator saw, and where a perfect one would be."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.field.comparison import PARTS, CataloguedSky, RealSky, compare_skies
from pipeline.evaluation.field.finding import curves_table, findings_table
from pipeline.evaluation.patches import Scale
from pipeline.progress import progress
from pipeline.splits import read_splits
from pipeline.steps.catalogue import read_catalogue, same_settings
from pipeline.steps.real_sky import HELD_OUT, TRAINING, real_sky
from pipeline.steps.synthetic_field import open_field
from pipeline.store import read_images, written_aside

log = logging.getLogger("clearfield")


class CompareError(ClearfieldError):
    """Fields that cannot be compared."""


def compare(
    images: Path, splits: Path, sky: Path, fields: list[Path], catalogues: list[Path], study: Study, out: Path,
    curves: Path, nearest: Path,
) -> None:  # fmt: skip
    """Write a row per finding to ``out`` and the curves behind them to ``curves``, both CSV.

    Columns are ``generator`` and those of :class:`~pipeline.evaluation.field.finding.Finding` and ``Curve``. To
    ``nearest`` go the places of the synthetic sources that are most like a training source, and of that, in px of the
    field and of the piece of training sky.

    Parameters
    ----------
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    sky : Path
        Catalogue of the real sky.
    fields, catalogues : list of Path
        ``<generator>/field.h5`` and ``<generator>/catalogue.parquet``.
    study : Study
    out, curves, nearest : Path

    Raises
    ------
    CompareError
        If there is no field, or one has no catalogue.
    CatalogueError
        If a catalogue was made by other settings than that of the real sky.
    """
    if not fields:
        raise CompareError(f"{out}: no field is given; the step `generate` writes them, a field.h5 for each generator")
    table, settings = read_catalogue(sky)
    beside = {path.parent.name: path for path in catalogues}
    findings, points, pairs = [], [], []
    with read_images(images) as reader:
        noted = reader.attributes
        scale = Scale(tuple(noted["sky"]), tuple(noted["sky_sigma"]), float(noted["data_range"]))
        items = read_splits(splits)
        held_out, training = (
            CataloguedSky(*real_sky(reader, items, role), table[table["role"] == role].reset_index(drop=True))
            for role in (HELD_OUT, TRAINING)
        )
        first = held_out.fields[0]
        real = RealSky(held_out, training, scale, first.bands, study.seed)
        for path in fields:
            generator = path.parent.name
            if generator not in beside:
                raise CompareError(f"{path}: has no catalogue.parquet beside it; the step `catalogue` writes it")
            sources, made = read_catalogue(beside[generator])
            same_settings(beside[generator], made, settings)
            with open_field(path, first) as field:
                synthetic = CataloguedSky([field.image], [(0, 0)], sources)
                parts = compare_skies(real, synthetic, field.reach, generator)
                for part in progress(parts, f"compare {generator}", PARTS, "part"):
                    findings.append(findings_table(generator, part.findings))
                    points.append(curves_table(generator, part.curves))
                    if part.pairs is not None:
                        pairs.append(part.pairs.assign(generator=generator))
    whole = pd.concat(findings, ignore_index=True)
    for path, rows in ((out, whole), (curves, pd.concat(points, ignore_index=True)), (nearest, pd.concat(pairs))):
        with written_aside(path) as aside:
            rows.to_csv(aside, index=False)
    medians = whole[(whole["part"] == "catalogue") & (whole["quantity"] == "median")]
    log.info(
        "compare: median distance over that of real sky from itself: %s",
        ", ".join(f"{row.generator} {row.value:.2f} (perfect {row.perfect:.2f})" for row in medians.itertuples()),
    )
