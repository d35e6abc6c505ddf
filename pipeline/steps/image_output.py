"""Where a restored image of the user's may be written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ClearfieldError
from pipeline.formats import FormatError, is_fits, refuse_unwritable
from pipeline.windowed import WindowedImage


class OutputError(ClearfieldError):
    """A place where a result cannot go."""


def refuse_output(out: Path, image: WindowedImage, inputs: Sequence[Path], overwrite: bool) -> None:
    """Refuse a file for an image before there is any work, and whatever is there already.

    Parameters
    ----------
    out : path
    image : WindowedImage
        What is to be written, or what it is made of.
    inputs : sequence of path
        What is read, and never written over.
    overwrite : bool
        Whether another file may be.

    Raises
    ------
    FormatError
        If the format cannot hold the image, or what came with it.
    OutputError
        If the file is an input, a folder, or there already.
    """
    if is_fits(Path(image.id)) and not is_fits(out):
        raise FormatError(f"{out}: a picture keeps neither header nor mask of a FITS image; name it .fits")
    refuse_unwritable(out, image)
    if not out.exists():
        return
    if any(out.samefile(path) for path in inputs):
        raise OutputError(f"{out}: is an input, and is never written over; give another name to the output")
    if out.is_dir():
        raise OutputError(f"{out}: is a folder; give the name of a file")
    if not overwrite:
        raise OutputError(f"{out}: is there already; write over it with --overwrite, or give another name")
