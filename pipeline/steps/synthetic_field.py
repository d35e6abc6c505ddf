"""A synthetic field as the steps that judge it read it: each tile is compared with its checksum."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import ClearfieldError
from pipeline.fields.field_file import read_field
from pipeline.windowed import WindowedImage


class FieldError(ClearfieldError):
    """A synthetic field that cannot be compared with the study's sky."""


class SyntheticField(NamedTuple):
    """A field, read window by window."""

    image: WindowedImage
    reach: float | None
    """Px beyond which no two pixels share a latent; None where the file does not say."""
    origin: tuple[int, int]
    """Row and column of its first pixel in the endless plane."""
    about: dict[str, Any]
    """What the field says of itself."""


@contextmanager
def open_field(path: Path, like: WindowedImage) -> Iterator[SyntheticField]:
    """Open ``field.h5``.

    Parameters
    ----------
    path : Path
    like : WindowedImage
        A piece of the real sky, whose bands and unit the field must have.

    Raises
    ------
    StoreError, FieldFileError
        If the file is missing, damaged or of another kind; of a tile, when it is read.
    FieldError
        If it has other bands, or another unit.
    """
    with read_field(path) as field:
        bands, unit = field.image.bands, field.image.unit
        if bands != like.bands:
            raise FieldError(
                f"{path}: has the bands {', '.join(bands)}, and the study's sky {', '.join(like.bands)}; paint it by a "
                "generator of this study"
            )
        if unit != like.unit:
            raise FieldError(f"{path}: is in {unit}, and the study's sky in {like.unit}; they cannot be compared")
        image, origin = replace(field.image, id=path.parent.name), (field.area.y0, field.area.x0)
        yield SyntheticField(image, field.about.get("reach"), origin, field.about)
