"""field: any window of the endless field of a model and a seed, alone, as FITS."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from pipeline.config.field import STRENGTH
from pipeline.errors import ClearfieldError
from pipeline.fields.header import field_header, history_of_field
from pipeline.fields.model import about_field
from pipeline.formats import is_fits, write_image
from pipeline.formats.fits.compressed import write_compressed_fits
from pipeline.image import Image
from pipeline.model_file import read_model
from pipeline.steps.field_mark import field_mark
from pipeline.steps.generate import open_field
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

log = logging.getLogger("clearfield")

LARGEST = 2**27
"""Values that a window may have, which are held in memory: 512 MB."""


class FieldWindowError(ClearfieldError):
    """A window that cannot be written."""


def field_window(
    model: Path, seed: int, window: Window, out: Path, tile: int = 512, key: str | None = None,
    strength: float = STRENGTH,
) -> None:  # fmt: skip
    """Write a window of a field.

    Parameters
    ----------
    model : path
        What ``train_field`` wrote.
    seed : int
    window : Window
        Anywhere up to 2^60 px from the origin. Its pixels are those of the whole field, to the last bit where the tile
        is that of the whole field too.
    out : path
        FITS, or tile-compressed FITS (``.fits.fz``).
    tile : int
        Width in px of what is painted at a time.
    key : str, optional
        Of the mark that the whole field has: a file, or ``env:NAME``.
    strength : float
        Of that mark.

    Raises
    ------
    ModelFileError, MarkKeyError, FieldError, FieldWindowError
        If the file holds no generator, the key cannot be read, the window lies too far out, is too large, or cannot go
        there.
    """
    if not is_fits(out):
        raise FieldWindowError(f"{out}: a picture cannot say that it is synthetic; name it .fits or .fits.fz")
    loaded = read_model(model)
    marked = field_mark(model, loaded, key, strength)
    field = open_field(model, loaded, seed, tile, marked.mark)
    if field.bands * window.height * window.width > LARGEST:
        raise FieldWindowError(
            f"{window.width} x {window.height} px in {field.bands} bands are more than fit into memory; the step "
            "`generate` paints fields of any size"
        )
    about = about_field(loaded, seed, tile, marked.about)
    pixels = field.window(window)
    known = {"pixel_scale": about["pixel_scale"], "header": field_header(about, window)}
    image = Image(out.stem, pixels, np.zeros(pixels.shape, bool), about["unit"], tuple(about["bands"]), **known)
    write_field_image(out, WindowedImage.of(image), history_of_field(about))
    log.info("field %s: %d x %d px at (%d, %d)", out, window.width, window.height, window.x0, window.y0)


def write_field_image(out: Path, image: WindowedImage, history: list[str]) -> None:
    """Write a field as FITS, compressed where the name says so."""
    if out.suffix == ".fz":
        write_compressed_fits(out, image, history)
    else:
        write_image(out, image, mask=False, history=history)
