"""join_field: bands of rows that several jobs painted become one field, without copying a pixel."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from pipeline.fields.join_rows import join_rows

log = logging.getLogger("clearfield")


def join_field(parts: Sequence[Path], out: Path) -> None:
    """Write a field that refers to its parts, which must stay where they are.

    Parameters
    ----------
    parts : sequence of path
        What ``generate`` wrote with ``--part``.
    out : path

    Raises
    ------
    FieldFileError
        If the parts are not of one field, or one is missing.
    """
    join_rows(parts, out)
    log.info("join_field %s: %d parts", out.name, len(parts))
