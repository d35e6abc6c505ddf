"""Bands of rows that several jobs painted, joined as one field without copying a pixel."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import h5py
import numpy as np

from pipeline.fields.field_file import FieldFileError, FieldReader, noted, read_field
from pipeline.store.hdf5 import created
from pipeline.tiling import Window


def row_bands(area: Window, tile: int, jobs: int) -> list[Window]:
    """Cut an area into bands of whole rows of tiles, as evenly as can be; at most one band a row."""
    rows = range(area.y0 // tile, -(-area.y1 // tile))
    jobs = min(jobs, len(rows))
    edges = [rows.start + len(rows) * job // jobs for job in range(jobs + 1)]
    return [
        Window(top * tile, area.x0, (bottom - top) * tile, area.width).clipped(area)
        for top, bottom in itertools.pairwise(edges)
    ]


def join_rows(parts: Sequence[Path], out: Path) -> None:
    """Write a file that holds the checksums of all parts, and their pixels by reference (an HDF5 virtual dataset).

    The parts must stay where they are, as seen from ``out``.

    Parameters
    ----------
    parts : sequence of path
        In any order.
    out : path

    Raises
    ------
    FieldFileError
        If the parts are not of one field, or there is a gap between them, or ``out`` is one of them.
    """
    if out.resolve() in {path.resolve() for path in parts}:
        raise FieldFileError(f"{out}: is one of the parts, which stay as they are; give the whole another name")
    with ExitStack() as opened:
        readers = [(opened.enter_context(read_field(path)), path) for path in parts]
        readers.sort(key=lambda pair: pair[0].area.y0)
        area = _joined(readers)
        first, bands = readers[0][0], readers[0][0].shape[0]
        layout = h5py.VirtualLayout((bands, area.height, area.width), "<f4")
        for reader, path in readers:
            inside = reader.area.relative_to(area)
            source = os.path.relpath(path.resolve(), out.parent.resolve())
            layout[(slice(None), *inside.slices)] = h5py.VirtualSource(source, "pixels", reader.shape, "<f4")
        digests = np.concatenate([reader.digests for reader, _ in readers], 1)
        with created(out, "field", {}) as (file, disk):
            file.attrs.update(noted(first.about, area))
            file.create_virtual_dataset("pixels", layout)
            file.create_dataset("digests", data=digests, track_times=False)
            disk.check()


def _joined(readers: Sequence[tuple[FieldReader, Path]]) -> Window:
    first, path = readers[0]
    area = first.area
    for reader, other in readers[1:]:
        if reader.about != first.about:
            raise FieldFileError(f"{other}: of another field than {path}; paint the bands of rows of one")
        if (reader.area.y0, reader.area.x0, reader.area.width) != (area.y1, area.x0, area.width):
            found = f"rows {reader.area.y0} to {reader.area.y1 - 1}"
            raise FieldFileError(
                f"{other}: holds {found}, and the rows from {area.y1} on are needed; give every part once"
            )
        if area.y1 % first.tile:
            raise FieldFileError(f"{other}: begins within a row of tiles; a multiple of {first.tile} rows is needed")
        area = Window(area.y0, area.x0, area.height + reader.area.height, area.width)
    return area
