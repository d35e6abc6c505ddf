"""A field on the disk: tiles with checksums in HDF5, read only as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.fields.tile_digest import DIGEST, key_of, tile_digest
from pipeline.image import Pixels
from pipeline.store.hdf5 import attributes_of, opened
from pipeline.tiling import Window, tiles
from pipeline.windowed import Plane, WindowedImage

KIND = "field"
"""What such a file says that it holds."""


class FieldFileError(ClearfieldError):
    """A file of a field that is not whole, or not as it was written."""


def tiles_of(area: Window, tile: int) -> list[Window]:
    """The tiles of an area in the endless plane, row by row, each as far as it lies within."""
    return list(tiles(area, tile, tile))


class FieldReader:
    """Reads a field by windows. Pixels whose tile has another checksum than its own are never handed out.

    Parameters
    ----------
    file : h5py.File
    path : path
        For messages.
    """

    def __init__(self, file: h5py.File, path: Path) -> None:
        attributes = attributes_of(file)
        self.about: dict[str, Any] = attributes["about"]
        """What the field is: seed, model, bands, unit, and what its pixels are in the sky."""
        self.area = Window(*attributes["area"])
        """Where it lies in the endless plane."""
        self._pixels, self._digests, self._path = file["pixels"], file["digests"], path
        self._key, self._sound = key_of(self.about), set[tuple[int, int, int]]()
        _refuse_lost_sources(self._pixels, path)

    @property
    def tile(self) -> int:
        """Width of a tile in px."""
        return self.about["tile"]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self._pixels.shape

    @property
    def digests(self) -> NDArray[np.uint8]:
        """Checksums by band, row and column of tiles."""
        return self._digests[()]

    @property
    def image(self) -> WindowedImage:
        """The field as an image whose pixels are read, and checked, by windows."""
        about = self.about

        def read(band: int, window: Window) -> Plane:
            pixels = self.pixels(window, slice(band, band + 1))[0]
            return Plane(pixels, np.zeros(pixels.shape, bool))

        bands, scale = tuple(about["bands"]), about["pixel_scale"]
        return WindowedImage(self._path.stem, self.shape, about["unit"], bands, read, scale)

    def pixels(self, window: Window, bands: slice = slice(None)) -> Pixels:
        """Pixels of a window inside the file, counted from its corner, shape (C, H, W).

        Raises
        ------
        FieldFileError
            If a tile was never written, was cut short or was altered, or the window reaches beyond the file.
        """
        if window.clipped(Window(0, 0, *self.shape[-2:])) != window:
            height, width = self.shape[-2:]
            raise FieldFileError(f"{self._path}: {window.in_words} are asked for, and it has {height} x {width} px")
        chosen = range(self.shape[0])[bands]
        placed = Window(window.y0 + self.area.y0, window.x0 + self.area.x0, window.height, window.width)
        for part in tiles_of(placed, self.tile):
            self._check(_tile_in(self.area, part, self.tile), chosen)
        return self._pixels[(bands, *window.slices)]

    def check(self, tile: Window) -> None:
        """Read a tile of :func:`tiles_of` and compare it with its checksum.

        Raises
        ------
        FieldFileError
            If they do not agree.
        """
        self._check(tile, range(self.shape[0]))

    def _check(self, tile: Window, bands: range) -> None:
        wanted = [band for band in bands if (band, tile.y0, tile.x0) not in self._sound]
        if not wanted:
            return
        row, column = number_of(self.area, tile, self.tile)
        inside = tile.relative_to(self.area)
        for band in wanted:
            written = self._digests[band, row, column]
            found = tile_digest(self._key, tile, self._pixels[(slice(band, band + 1), *inside.slices)])[0]
            if not np.array_equal(found, written):
                why = "is not as it was written" if written.any() else "was never written"
                raise FieldFileError(
                    f"{self._path}: the tile at {inside.in_words} {why} (band {self.about['bands'][band]}); delete the "
                    "file, and its step paints it again"
                )
            self._sound.add((band, tile.y0, tile.x0))


@contextmanager
def read_field(path: str | Path) -> Iterator[FieldReader]:
    """Open a field for reading.

    Raises
    ------
    StoreError
        If the file is missing, damaged or of another kind.
    FieldFileError
        If it is a field of which a part is missing.
    """
    # A strip of a wide field crosses more chunks than any cache holds.
    with opened(path, KIND, cache=0) as file:
        try:
            reader = FieldReader(file, Path(path))
        except (KeyError, TypeError) as error:
            raise FieldFileError(
                f"{path}: lacks {error}, which every field has; delete it, and paint it again"
            ) from None
        yield reader


def number_of(area: Window, tile: Window, size: int) -> tuple[int, int]:
    """Row and column of a tile among those of an area."""
    return tile.y0 // size - area.y0 // size, tile.x0 // size - area.x0 // size


def digests_shape(area: Window, bands: int, size: int) -> tuple[int, int, int, int]:
    """Shape of the table of checksums."""
    last = Window(area.y1 - 1, area.x1 - 1, 1, 1)
    rows, columns = number_of(area, last, size)
    return bands, rows + 1, columns + 1, DIGEST


def noted(about: dict[str, Any], area: Window) -> dict[str, str]:
    """What a file of a field notes of itself, as attributes."""
    placed = [area.y0, area.x0, area.height, area.width]
    return {"kind": json.dumps(KIND), "about": json.dumps(about), "area": json.dumps(placed)}


def _tile_in(area: Window, part: Window, size: int) -> Window:
    return Window(part.y0 // size * size, part.x0 // size * size, size, size).clipped(area)


def _refuse_lost_sources(pixels: h5py.Dataset, path: Path) -> None:
    # HDF5 would read zeros in their place.
    for source in pixels.virtual_sources() if pixels.is_virtual else ():
        part = path.parent / source.file_name
        if part.is_file() and part.samefile(path):
            raise FieldFileError(f"{path}: says that it is a part of itself; paint it again")
        if not part.is_file():
            raise FieldFileError(f"{path}: {source.file_name}, a part of it, is not there; paint that again")
