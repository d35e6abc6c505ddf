"""A data-quality map that lies in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pipeline.formats.fits.extensions import open_extension
from pipeline.formats.fits.file import reading
from pipeline.formats.fits.inherited import inherited_header
from pipeline.formats.fits.planes import flagged, planes_named, read_plane, shape_of
from pipeline.image import Mask
from pipeline.tiling import Window


class Flags(NamedTuple):
    """Which pixels are not to be trusted."""

    shape: tuple[int, int, int]
    """(C, H, W)."""
    bands: tuple[str, ...]
    """What BAND1, BAND2, ... call its planes; empty where they do not."""
    read: Callable[[int, Window], Mask]
    """``read(plane, window)`` is True where a pixel is flagged."""


@contextmanager
def open_flags(path: str | Path, bits: int | None = None) -> Iterator[Flags]:
    """Open a data-quality map, to be read by windows.

    Parameters
    ----------
    path : path
        FITS; ``FILE[EXT]`` names an extension, otherwise the first with an image is taken.
    bits : int, optional
        Sum of the bits that flag a pixel; by default any value but 0 does.

    Raises
    ------
    FormatError
        If the file cannot be read, lacks the extension or has no 2 or 3 axes.
    """
    with open_extension(path, "mask", "flags pixels") as (file, hdus, hdu):
        with reading(file):
            shape = shape_of(file, hdu)
            names = planes_named(inherited_header(hdus, hdu), shape[0])

        def read(plane: int, window: Window) -> Mask:
            with reading(file):
                return flagged(read_plane(hdu, plane, window), bits)

        yield Flags(shape, names, read)
