"""catalogue: every source of the real sky, or of a synthetic field that is compared with it, by the same settings."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.measures.field_catalogue import catalogue_parts, sky_of
from pipeline.progress import progress
from pipeline.splits import read_splits
from pipeline.steps.real_sky import HELD_OUT, TRAINING, real_sky
from pipeline.steps.synthetic_field import open_field
from pipeline.store import StoreError, read_images, written_aside
from pipeline.windowed import WindowedImage

SYNTHETIC = "synthetic"
"""What stands in the column ``role`` of a field's catalogue."""
_NOTED = b"clearfield"

log = logging.getLogger("clearfield")


class CatalogueError(ClearfieldError):
    """Catalogues that were made by different settings."""


def catalogue(images: Path, splits: Path, field: Path | None, study: Study, out: Path) -> None:
    """Write the sources to ``out`` (Parquet), with the columns of :mod:`~pipeline.measures.field_catalogue`.

    A source is brighter than ``evaluate.detection`` sigmas of the held-out sky above the sky of its own field. Columns
    ``role`` (test, train, or synthetic) and ``field``, the number of the piece within its role, come first.

    Parameters
    ----------
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    field : Path or None
        ``field.h5``; None for the real sky, that of fold 0's test role and that of its training role.
    study : Study
    out : Path
    """
    with read_images(images) as reader:
        items = read_splits(splits)
        held_out = real_sky(reader, items, HELD_OUT).fields
        noted = {
            "threshold": study.evaluate.detection * float(np.median([sky_of(piece).sigma for piece in held_out])),
            "radius": study.evaluate.apertures[0],
        }
        if field is None:
            skies: dict[str, list[WindowedImage]] = {
                HELD_OUT: held_out,
                TRAINING: real_sky(reader, items, TRAINING).fields,
            }
            count = _write(out, skies, noted)
        else:
            with open_field(field, held_out[0]) as synthetic:
                count = _write(out, {SYNTHETIC: [synthetic.image]}, noted)
    words = ", ".join(f"{number} {role}" for role, number in count.items())
    log.info("catalogue: sources: %s", words)


def read_catalogue(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The sources of ``catalogue.parquet``, and the settings by which they were found.

    Raises
    ------
    StoreError
        If the file is missing or no such table.
    """
    try:
        table = pq.read_table(path)
        return table.to_pandas(), json.loads(table.schema.metadata[_NOTED])
    except FileNotFoundError:
        raise StoreError(f"{path}: no such file; the step `catalogue` writes it") from None
    except (pa.ArrowInvalid, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{path}: no catalogue of ours ({reason}); delete it, and the step `catalogue` runs again"
                         ) from None  # fmt: skip


def same_settings(path: Path, noted: dict[str, Any], real: dict[str, Any]) -> None:
    """Refuse a catalogue by other settings than the real sky's.

    Raises
    ------
    CatalogueError
    """
    for name, value in real.items():
        if noted.get(name) != value:
            raise CatalogueError(
                f"{path}: was made with the {name} {noted.get(name)}, and that of the real sky with {value}; run the "
                "step `catalogue` again for both"
            )


def _write(out: Path, skies: dict[str, list[WindowedImage]], noted: dict[str, Any]) -> dict[str, int]:
    """Part by part, so that no catalogue has to fit into memory."""
    count = dict.fromkeys(skies, 0)
    writer: pq.ParquetWriter | None = None
    with written_aside(out) as aside:
        try:
            for role, part in progress(_parts(skies, noted), "catalogue", unit="window"):
                count[role] += len(part)
                table = pa.Table.from_pandas(part, preserve_index=False)
                if writer is None:
                    schema = table.schema.with_metadata({_NOTED: json.dumps(noted).encode()})
                    writer = pq.ParquetWriter(aside, schema)
                writer.write_table(table.cast(writer.schema))
        finally:
            if writer is not None:
                writer.close()
    return count


def _parts(skies: dict[str, list[WindowedImage]], noted: dict[str, Any]) -> Iterator[tuple[str, pd.DataFrame]]:
    for role, fields in skies.items():
        for number, field in enumerate(fields):
            for part in catalogue_parts(field, sky_of(field), noted["threshold"], noted["radius"]):
                part.insert(0, "role", role)
                part.insert(1, "field", number)
                yield role, part
