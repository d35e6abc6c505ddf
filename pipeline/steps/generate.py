"""generate: the synthetic field of a study, or a band of its rows, from a generator and a seed."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from pipeline.config import ConfigError, Study
from pipeline.fields.field import Field
from pipeline.fields.join_rows import row_bands
from pipeline.fields.mark import Mark
from pipeline.fields.model import about_field, field_of
from pipeline.fields.write_field import write_field
from pipeline.model_file import Model, ModelFileError, read_model
from pipeline.steps.field_mark import field_mark
from pipeline.tiling import whole

log = logging.getLogger("clearfield")


def generate(model: Path, study: Study, out: Path, part: int | None = None) -> None:
    """Paint the field of the section ``field``.

    A killed run goes on with the missing tiles. Pixels follow from the model, the seed and their place alone: whatever
    was painted by other jobs, in another order, is the same.

    Parameters
    ----------
    model : path
        What ``train_field`` wrote.
    study : Study
    out : path
        HDF5; see :mod:`pipeline.fields.field_file`.
    part : int, optional
        Which of the bands of rows that ``field.jobs`` asks for, from 0.

    Raises
    ------
    ConfigError
        If there is no such part.
    ModelFileError
        If the file holds no generator, or one of other bands than the study's.
    MarkKeyError
        If the field is to have a mark, and its key cannot be read.
    OutputLockedError
        If another run writes the same file.
    """
    wanted = study.field
    loaded = read_model(model)
    key, strength = (wanted.mark.key, wanted.mark.strength) if wanted.mark else (None, 0.0)
    mark = field_mark(model, loaded, key, strength)
    field = open_field(model, loaded, wanted.seed, wanted.tile, mark.mark)
    if study.images.bands is not None and list(study.images.bands) != loaded.card["bands"]:
        raise ModelFileError(
            f"{model}: paints the bands {', '.join(loaded.card['bands'])}, and images.bands of the study "
            f"{study.study} are {', '.join(study.images.bands)}; train a generator on these"
        )
    area = whole(*wanted.size)
    if part is not None:
        bands = row_bands(area, wanted.tile, wanted.jobs)
        if part not in range(len(bands)):
            raise ConfigError(f"there is no part {part}; field.jobs makes parts 0 to {len(bands) - 1}")
        area = bands[part]
    begin = time.monotonic()
    tiles = write_field(field, about_field(loaded, wanted.seed, wanted.tile, mark.about), area, out)
    seconds = time.monotonic() - begin
    found = f", {tiles.found} of {tiles.painted + tiles.found} tiles were there" if tiles.found else ""
    log.info(f"generate {out.name}: {area.height} x {area.width} px in %.0f s{found}", seconds)


def open_field(path: Path, model: Model, seed: int, tile: int, mark: Mark | None = None) -> Field:
    """The field of a model that was read from a path, which a message names."""
    try:
        return field_of(model, seed, tile, mark=mark)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
