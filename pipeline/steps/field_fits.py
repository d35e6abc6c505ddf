"""field_fits: a field on the disk as FITS, window by window, with a header that says what it is."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from pipeline.fields.field_file import read_field
from pipeline.fields.header import field_header, history_of_field
from pipeline.formats import is_fits
from pipeline.steps.field_window import FieldWindowError, write_field_image

log = logging.getLogger("clearfield")


def field_fits(field: Path, out: Path) -> None:
    """Write a field as FITS; every tile is compared with its checksum on the way.

    Parameters
    ----------
    field : path
        What ``generate`` or ``join_field`` wrote.
    out : path
        ``.fits``, ``.fits.gz``, or tile-compressed without loss, ``.fits.fz``.

    Raises
    ------
    FieldFileError
        If a tile is not as it was written; there is then no output.
    """
    if not is_fits(out):
        raise FieldWindowError(f"{out}: a picture cannot say that it is synthetic; name it .fits or .fits.fz")
    with read_field(field) as reader:
        image = replace(reader.image, header=field_header(reader.about, reader.area))
        write_field_image(out, image, history_of_field(reader.about))
        log.info("field_fits %s: %d x %d px", out, *reader.shape[:0:-1])
