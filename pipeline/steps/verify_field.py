"""verify_field: whether a field is as it was written, and as its model paints it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from pipeline.fields.field_file import FieldFileError, read_field
from pipeline.fields.mark import Mark
from pipeline.fields.verify_field import verify_field as compared
from pipeline.model_file import Model, read_model
from pipeline.steps.field_mark import field_mark
from pipeline.steps.generate import open_field

log = logging.getLogger("clearfield")


def verify_field(
    field: Path, model: Path | None = None, tiles: int | None = None, key: str | None = None
) -> None:  # fmt: skip
    """Compare all tiles with their checksums and, where there is a model, tiles with what it paints now.

    Parameters
    ----------
    field : path
    model : path, optional
        The generator that it was painted by.
    tiles : int, optional
        How many are painted again, evenly chosen; by default all.
    key : str, optional
        File of the key of its mark, or ``env:NAME``; a field with a mark is not painted again without.

    Raises
    ------
    FieldFileError
        At the first tile that differs, or if it is of another model or its mark of another key.
    """
    painter = None
    if model is not None:
        with read_field(field) as reader:
            about = reader.about
        loaded = read_model(model)
        if loaded.card["hash"] != about["model"]:
            raise FieldFileError(
                f"{field}: was painted by the model {about['model'][:12]}, and {model} is {loaded.hash}; give that one"
            )
        mark = _mark(field, model, loaded, about.get("mark"), key)
        painter = open_field(model, loaded, about["seed"], about["tile"], mark)
    again = compared(field, painter, tiles)
    log.info("verify_field %s: every tile is as it was written, %d painted again and the same", field, again)


def _mark(field: Path, path: Path, model: Model, noted: dict[str, Any] | None, key: str | None) -> Mark | None:
    if noted is None:
        return None
    if key is None:
        raise FieldFileError(f"{field}: bears a keyed mark, without which no tile is the same again; give --key")
    mark, about = field_mark(path, model, key, noted["strength"])
    if about != noted:
        raise FieldFileError(
            f"{field}: bears a mark by another key than that of {key}; give the one it was painted with"
        )
    return mark
