"""ome_zarr: a field as OME-Zarr, for napari and other viewers of images larger than memory."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.fields.brightness import field_scaling, sample
from pipeline.fields.field_file import FieldReader, read_field
from pipeline.fields.header import history_of_field
from pipeline.formats.ome_zarr import MARK, Channel, write_ome_zarr
from pipeline.store.aside_folder import refuse_existing, refuse_foreign

log = logging.getLogger("clearfield")

SHOWN = (1.0, 99.5)
"""Percentiles that are black and bright: viewers show values linearly."""
COLOURS = ("FF0000", "00FF00", "0000FF")
GREY = "FFFFFF"


class OmeZarrError(ClearfieldError):
    """A field that cannot be written so."""


def ome_zarr(field: Path, out: Path, overwrite: bool = False) -> None:
    """Write a field with its bands as channels, at its own scale and halved until it fits into one chunk.

    Tiles are read one by one and compared with their checksums; memory does not grow with the field. Coordinates are
    those of the endless field, and the attribute ``clearfield`` says what the field says of itself.

    Parameters
    ----------
    field : path
        What ``generate`` or ``join_field`` wrote.
    out : path
        A folder, ``.zarr``.
    overwrite : bool
        Whether an earlier one is written over.

    Raises
    ------
    OmeZarrError
        If the name is not that of such a folder.
    MissingExtraError
        If zarr is not installed.
    FieldFileError
        If a tile is not as it was written; there is then no output.
    StoreError
        If there is something under the name.
    """
    if out.suffix != ".zarr":
        raise OmeZarrError(f"{out}: viewers know such a folder by its name; let it end in .ome.zarr")
    refuse_existing(out, overwrite)
    refuse_foreign(out, out / MARK)
    with read_field(field) as reader:
        about, area = reader.about, reader.area
        name = f"synthetic field {about['generator']}, seed {about['seed']}"
        noted = {**about, "area": [area.y0, area.x0, area.height, area.width], "history": history_of_field(about)}
        write_ome_zarr(reader.image, name, (area.y0, area.x0), _channels(reader), noted, out)
        log.info("ome_zarr %s: %d x %d px", out, *reader.shape[:0:-1])


def _channels(reader: FieldReader) -> list[Channel]:
    shown = field_scaling(reader.about, reader.image).shown
    colours = dict(zip(shown, COLOURS if len(shown) > 1 else [GREY]))
    values = sample(reader.image)
    windows = np.percentile(values, SHOWN, axis=1).T.tolist()
    ranges = np.percentile(values, (0, 100), axis=1).T.tolist()
    return [
        Channel(colours.get(band, GREY), band in colours, (window[0], window[1]), (most[0], most[1]))
        for band, (window, most) in enumerate(zip(windows, ranges))
    ]
