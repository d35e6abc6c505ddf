"""The mark of a field that is painted: its key where the user keeps it, its strength by the noise of the sky."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pipeline.fields.mark import Mark
from pipeline.fields.mark_key import MarkKeyError, fingerprint, key_file, read_key
from pipeline.fields.model import FIELD_GENERATOR
from pipeline.model_file import Model, ModelFileError
from pipeline.pseudonyms import passed_on


class FieldMark(NamedTuple):
    """A mark, and what its field says of it; None where it has none."""

    mark: Mark | None = None
    about: dict[str, Any] | None = None


def field_mark(path: Path, model: Model, key: str | None, strength: float) -> FieldMark:
    """The mark that a field is to have.

    Parameters
    ----------
    path : path
        Of the model, for messages.
    model : Model
        Its card knows the noise of the sky.
    key : str, optional
        File that holds the key, or ``env:NAME``; without it there is no mark.
    strength : float
        Standard deviation over that of the sky.

    Raises
    ------
    MarkKeyError
        If the key cannot be read, or lies in a place that is passed on with results or code.
    ModelFileError
        If the model paints no fields, or the sky has no noise to hide a mark in.
    """
    if key is None:
        return FieldMark()
    if model.card.get("kind") != FIELD_GENERATOR:
        raise ModelFileError(f"{path}: a model that restores images; `train_field` writes those that paint fields")
    file = key_file(key)
    if file is not None and (where := passed_on(file)):
        raise MarkKeyError(f"{key}: the key of the mark lies within {where}; keep it outside, such as in ~/keys")
    sigma = tuple(strength * level for level in model.card["sky_sigma"])
    if min(sigma) <= 0:
        raise ModelFileError(f"{path}: its sky has no noise to hide a mark in; paint it without one")
    read = read_key(key)
    return FieldMark(Mark(read, sigma), {"strength": strength, "key": fingerprint(read)})
