"""verify_field: whether a field is as it was written, and as its model paints it."""

from __future__ import annotations

import logging
from pathlib import Path

from pipeline.fields.field_file import FieldFileError, read_field
from pipeline.fields.verify_field import verify_field as compared
from pipeline.model_file import read_model
from pipeline.steps.generate import open_field

log = logging.getLogger("clearfield")


def verify_field(field: Path, model: Path | None = None, tiles: int | None = None) -> None:
    """Compare all tiles with their checksums and, where there is a model, tiles with what it paints now.

    Parameters
    ----------
    field : path
    model : path, optional
        The generator that it was painted by.
    tiles : int, optional
        How many are painted again, evenly chosen; by default all.

    Raises
    ------
    FieldFileError
        At the first tile that differs, or if it is of another model.
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
        painter = open_field(model, loaded, about["seed"], about["tile"])
    again = compared(field, painter, tiles)
    log.info("verify_field %s: every tile is as it was written, %d painted again and the same", field, again)
