"""traces: whether local correlations give synthetic sky away, and the labelled patches by which that was found."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.field.finding import findings_table
from pipeline.evaluation.field.trace_patches import SkyPatches, TraceSky
from pipeline.evaluation.field.traces import AREA, trace_findings, traces_of
from pipeline.evaluation.patches import Scale
from pipeline.progress import progress
from pipeline.splits import read_splits
from pipeline.steps.inspect_field import BENCHMARK
from pipeline.steps.real_sky import HELD_OUT, TRAINING, real_sky
from pipeline.steps.synthetic_field import open_field
from pipeline.store import read_images, written_aside
from pipeline.store.hdf5 import created

log = logging.getLogger("clearfield")

README = """
Patches of real sky and of synthetic sky, for detectors of synthetic images. `pixels` has the shape (patch, band, row,
column), in `unit`; `bands` names the bands. The table beside this file (CSV) has a row per patch, in the same order:
label (real or synthetic), origin (the image, or the generator, which `generators` tells more of), row and column of the
first pixel there, block (patches of one block are neighbours), part. Patches begin at multiples of 16 px of their image
and hold no masked pixel, and all values are rounded to the quantisation of the real images. A detector is to be tried
on each part after it learned on the other parts alone. `sky` and `sky_sigma` are level and noise of the real sky, band
by band; no generator learned from the real patches.
"""


class TracesError(ClearfieldError):
    """Fields whose traces cannot be looked for."""


def traces(images: Path, splits: Path, fields: list[Path], study: Study, out: Path, benchmark: Path) -> None:
    """Write a row per finding to ``out`` (CSV), with the columns of ``compare.csv``, and the patches to ``benchmark``.

    The patches go to ``benchmark`` (HDF5), which says what they are, and their labels to a table (CSV) of the same name
    beside it. Where the held-out sky or a field is too small for a classifier, there are patches and no findings.

    Parameters
    ----------
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    fields : list of Path
        ``<generator>/field.h5``.
    study : Study
    out, benchmark : Path

    Raises
    ------
    TracesError
        If there is no field.
    SkyError
        If the held-out sky has fewer than 16 blocks of 32 px.
    FieldError
        If a field has other bands than the study's sky, or another unit.
    """
    if not fields:
        raise TracesError(f"{out}: no field is given; the step `generate` writes them, a field.h5 for each generator")
    with read_images(images) as reader:
        noted = reader.attributes
        scale = Scale(tuple(noted["sky"]), tuple(noted["sky_sigma"]), float(noted["data_range"]))
        items = read_splits(splits)
        pieces, origins = real_sky(reader, items, HELD_OUT)
        real = TraceSky(pieces, origins, study.seed)
        training = real.cut(*real_sky(reader, items, TRAINING), TRAINING)
        first, made, generators = pieces[0], {}, {}
        for path in fields:
            with open_field(path, first) as field:
                name = field.image.id
                made[name] = real.cut([field.image], [field.origin], name)
                generators[name] = {key: field.about.get(key) for key in ("generator", "model", "seed", "study")}
    about = {
        "readme": README.strip(), "study": study.study, "unit": first.unit, "bands": first.bands,
        "generators": generators, **{key: noted[key] for key in ("sky", "sky_sigma", "data_range")},
    }  # fmt: skip
    origins_of_real = np.array([piece.id for piece in pieces])[real.patches.field]
    _write_benchmark(benchmark, real.patches, origins_of_real, made, about)
    skies = progress([real.patches, training, *made.values()], "traces", unit="sky")
    ours, learned, *theirs = (traces_of(patches, scale) for patches in skies)
    found = trace_findings(ours, learned, dict(zip(made, theirs)), study.seed)
    with written_aside(out) as aside:
        pd.concat([findings_table(*each) for each in found.items()]).to_csv(aside, index=False)
    areas = [f"{name} {f.value:.2f}" for name, rows in found.items() for f in rows if f.quantity == AREA]
    log.info("traces: area under the curve, 0.5 by guessing: %s", ", ".join(areas) or "too little sky to tell")


def _write_benchmark(
    out: Path, real: SkyPatches, images: NDArray[np.str_], made: dict[str, SkyPatches], about: dict[str, Any]
) -> None:
    labels = [_labels("real", images, real), *(_labels("synthetic", name, patches) for name, patches in made.items())]
    pixels = np.concatenate([real.pixels, *(patches.pixels for patches in made.values())])
    with created(out, BENCHMARK, about) as (file, disk):
        file.create_dataset(
            "pixels", data=pixels, chunks=(1, *pixels.shape[1:]), compression="gzip", shuffle=True, track_times=False
        )
        disk.check()
    with written_aside(out.with_suffix(".csv")) as aside:
        pd.concat(labels, ignore_index=True).rename_axis("patch").to_csv(aside)


def _labels(label: str, origin: object, patches: SkyPatches) -> pd.DataFrame:
    return pd.DataFrame({
        "label": label, "origin": origin, "row": patches.corner[:, 0], "column": patches.corner[:, 1],
        "block": patches.block, "part": patches.part,
    })  # fmt: skip
