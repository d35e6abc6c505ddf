"""Whether a field is as it was written, and as its model paints it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.fields.field import Field
from pipeline.fields.field_file import FieldFileError, read_field, tiles_of
from pipeline.image import Pixels
from pipeline.progress import progress
from pipeline.tiling import Window

ROUNDING = 1e-5
"""Share of the range by which another machine may paint a pixel differently."""


def verify_field(path: Path, field: Field | None = None, most: int | None = None) -> int:
    """Compare every tile with its checksum, and tiles with what the field is when it is painted again.

    Parameters
    ----------
    path : path
    field : Field, optional
        By its model and seed; without it, nothing is painted.
    most : int, optional
        Tiles that are painted again, evenly chosen; by default all.

    Returns
    -------
    int
        Tiles that were painted again.

    Raises
    ------
    FieldFileError
        At the first tile that differs.
    """
    with read_field(path) as reader:
        every = tiles_of(reader.area, reader.tile)
        for tile in progress(every, "verify", unit="tile"):
            reader.check(tile)
        chosen = list(_chosen(every, most)) if field else []
        for tile in progress(chosen, "paint again", unit="tile"):
            assert field is not None
            inside, painted = tile.relative_to(reader.area), field.window(tile)
            if not _as_painted(reader.pixels(inside), painted):
                raise FieldFileError(
                    f"{path}: the tile at {inside.in_words} is not what the model paints there; it was painted by "
                    "another version of Clearfield, or altered with its checksum"
                )
        return len(chosen)


def _as_painted(found: Pixels, painted: Pixels) -> bool:
    """Whether each band is the same, to the rounding of another machine; a number that is none is not."""
    apart, span = np.abs(painted - found).max((1, 2)), np.ptp(painted, (1, 2))
    return bool((apart <= ROUNDING * np.maximum(span, np.finfo(np.float32).tiny)).all())


def _chosen(every: list[Window], most: int | None) -> Iterable[Window]:
    numbers = np.unique(np.linspace(0, len(every) - 1, min(most or len(every), len(every))).astype(int))
    return (every[number] for number in numbers)
