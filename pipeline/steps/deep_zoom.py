"""deep_zoom: a field as a pyramid of pictures, with a page that opens it in a browser from the disk."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.errors import ClearfieldError
from pipeline.fields.brightness import field_scaling
from pipeline.fields.field_file import read_field
from pipeline.fields.header import history_of_field
from pipeline.formats.deep_zoom import tiles_beside, write_deep_zoom
from pipeline.report.deep_zoom_page import write_deep_zoom_page
from pipeline.store.aside_folder import refuse_existing, refuse_foreign

log = logging.getLogger("clearfield")


class DeepZoomError(ClearfieldError):
    """A page of a field that cannot be written so."""


def deep_zoom(field: Path, out: Path, overwrite: bool = False) -> None:
    """Write a page, and beside it ``<name>.dzi`` and the folder ``<name>_files`` of its pictures.

    Tiles are read one by one and compared with their checksums; memory does not grow with the field.

    Parameters
    ----------
    field : path
        What ``generate`` or ``join_field`` wrote.
    out : path
        The page, ``.html``.
    overwrite : bool
        Whether an earlier page and its pictures are written over.

    Raises
    ------
    DeepZoomError
        If the name is not that of a page.
    FieldFileError
        If a tile is not as it was written; there is then no output.
    StoreError
        If there is something under one of the names.
    """
    if out.suffix != ".html":
        raise DeepZoomError(f"{out}: the page's name must end in .html; its pictures go into a folder beside it")
    index = out.with_suffix(".dzi")
    for path in (out, index, tiles_beside(index)):
        refuse_existing(path, overwrite)
    refuse_foreign(tiles_beside(index), index)
    with read_field(field) as reader:
        image = reader.image
        scaling = field_scaling(reader.about, image)
        write_deep_zoom(image, scaling.picture, history_of_field(reader.about)[0], index)
        write_deep_zoom_page(reader.about, reader.area, scaling, out)
        log.info("deep_zoom %s: %d x %d px", out, *reader.shape[:0:-1])
