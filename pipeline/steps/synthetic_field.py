"""A synthetic field as the steps that judge it read it: the one place that knows its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.store.hdf5 import attributes_of, opened
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage


class FieldError(ClearfieldError):
    """A synthetic field that cannot be compared with the study's sky."""


class SyntheticField(NamedTuple):
    """A field, read window by window."""

    image: WindowedImage
    reach: float | None
    """Px beyond which no two pixels share a latent; None where the file does not say."""


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
    StoreError
        If the file is missing, damaged or of another kind.
    FieldError
        If it has other bands, or another unit.
    """
    with opened(path, "field") as file:
        pixels, about = file["pixels"], attributes_of(file).get("about", {})
        bands, unit = tuple(about.get("bands", like.bands)), about.get("unit", like.unit)
        if bands != like.bands or len(pixels) != len(bands):
            raise FieldError(
                f"{path}: has the bands {', '.join(bands)}, and the study's sky {', '.join(like.bands)}; paint it by a "
                "generator of this study"
            )
        if unit != like.unit:
            raise FieldError(f"{path}: is in {unit}, and the study's sky in {like.unit}; they cannot be compared")

        def read(band: int, window: Window) -> Plane:
            values = pixels[(band, *window.slices)]
            return Plane(values, np.zeros(values.shape, bool))

        image = WindowedImage(path.parent.name, pixels.shape, unit, bands, read, about.get("pixel_scale"))
        yield SyntheticField(image, about.get("reach"))
