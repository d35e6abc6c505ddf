"""Painting a field into a file, tile by tile, so that memory does not grow with it and a killed run goes on."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from pipeline.fields.field import Field
from pipeline.fields.field_file import (
    FieldFileError,
    digests_shape,
    noted,
    number_of,
    read_field,
    tiles_of,
)
from pipeline.fields.lock import locked
from pipeline.fields.tile_digest import Digest, key_of, tile_digest
from pipeline.progress import progress
from pipeline.store import StoreError
from pipeline.store.aside import writing
from pipeline.store.disk import Disk
from pipeline.tiling import Window

log = logging.getLogger("clearfield")


class Painted(NamedTuple):
    """What a run did."""

    painted: int
    """Tiles that it painted ..."""
    found: int
    """... and those that an earlier run had."""


def write_field(field: Field, about: dict[str, Any], area: Window, out: Path) -> Painted:
    """Paint an area of the endless plane into a file.

    Room for all tiles is set aside at the start, so that from then on nothing but tiles and their checksums is written,
    each in its place: a run may be killed at any moment. The file bears its name only when every tile is in it.

    Parameters
    ----------
    field : Field
    about : dict
        What JSON can hold: ``tile``, ``bands``, ``unit`` and whatever else the field is to say of itself. What an
        earlier run left of a field that says anything else, or whose tiles are painted otherwise by now (by another
        version of Clearfield, or on another machine), is painted over.
    area : Window
    out : path
        HDF5.

    Raises
    ------
    OutputLockedError
        If another run is writing it.
    StoreError
        If there is no room for it.
    """
    about = json.loads(json.dumps(about))
    unfinished = out.with_name(f".{out.name}.unfinished")
    key, every = key_of(about), tiles_of(area, field.tile)
    with locked(out), writing(out):
        done = _found(unfinished, field, about, area)
        if done is None:
            _set_aside(unfinished, about, area, field.bands)
        missing = [tile for tile in every if tile not in (done or ())]
        with Disk(unfinished, "r+") as disk:
            with h5py.File(disk, "r+") as file:
                for tile in progress(missing, "generate", len(every), "tile", len(every) - len(missing)):
                    pixels = field.window(tile)
                    file["pixels"][(slice(None), *tile.relative_to(area).slices)] = pixels
                    _note(file, area, tile, field.tile, tile_digest(key, tile, pixels))
                    file.flush()
                    disk.check()
            disk.check()
        unfinished.replace(out)
    return Painted(len(missing), len(every) - len(missing))


def _note(file: h5py.File, area: Window, tile: Window, size: int, digest: Digest) -> None:
    row, column = number_of(area, tile, size)
    file["digests"][:, row, column] = digest


def _set_aside(path: Path, about: dict[str, Any], area: Window, bands: int) -> None:
    size = about["tile"]
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    # The same field is the same file, whenever it is painted.
    early.set_obj_track_times(False)
    never = early.copy()
    never.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    never.set_chunk((1, min(size, area.height), min(size, area.width)))
    planes = {
        "pixels": (h5py.h5t.IEEE_F32LE, (bands, area.height, area.width), never),
        "digests": (h5py.h5t.STD_U8LE, digests_shape(area, bands, size), early),
    }
    with Disk(path, "w+") as disk:
        with h5py.File(disk, "w") as file:
            file.attrs.update(noted(about, area))
            for name, (kind, shape, how) in planes.items():
                h5py.h5d.create(file.id, name.encode(), kind, h5py.h5s.create_simple(shape), how)
        disk.check()


def _found(path: Path, field: Field, about: dict[str, Any], area: Window) -> list[Window] | None:
    """The tiles that an earlier run left whole; None where it left nothing of this field."""
    try:
        with read_field(path) as reader:
            if (reader.about, reader.area) != (about, area):
                log.info("%s: of another field, painted anew", path)
                return None
            sound = [tile for tile in tiles_of(area, field.tile) if _is_sound(reader, tile)]
            # One tile tells whether all would still be painted so, bit by bit; else there would be seams.
            if sound and not np.array_equal(field.window(sound[0]), reader.pixels(sound[0].relative_to(area))):
                log.info("%s: was begun by another version or on another machine, painted anew", path)
                return None
            return sound
    except (StoreError, FieldFileError, OSError):
        return None


def _is_sound(reader: Any, tile: Window) -> bool:
    try:
        reader.check(tile)
    except (FieldFileError, OSError):
        return False
    return True
