"""is_synthetic: whether a file is a synthetic field, by what it says and, with the key, by the mark in its noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from astropy.io import fits

from pipeline.errors import ClearfieldError
from pipeline.fields.field_file import read_field
from pipeline.fields.find_mark import FALSE_POSITIVES, Sighting, folded, look_for
from pipeline.fields.mark import pattern_of
from pipeline.fields.mark_key import read_key
from pipeline.formats import FITS_SUFFIXES, open_image
from pipeline.formats.fits import file_and_extension
from pipeline.steps.choose_extension import choose_extension
from pipeline.windowed import WindowedImage

HDF5_SUFFIXES = (".h5", ".hdf5")


class NoFieldFileError(ClearfieldError):
    """A file of which it cannot be said whether it is synthetic."""


def is_synthetic(path: Path, key: str | None = None) -> list[str]:
    """Say what a file tells of being synthetic.

    Parameters
    ----------
    path : path
        FITS, or ``field.h5``.
    key : str, optional
        File that holds the key of a mark, or ``env:NAME``.

    Returns
    -------
    list of str
        Lines of text.

    Raises
    ------
    NoFieldFileError, FormatError, StoreError, FieldFileError
        If the file is of another kind, or cannot be read.
    MarkKeyError, MarkError
        If the key cannot be read, or the image is too small.
    """
    pattern = pattern_of(read_key(key)) if key else None
    with _opened(path) as (image, said):
        sighting = look_for(folded(image), pattern) if pattern is not None else None
    lines = [("header", f"says that it is synthetic: {said}" if said else "does not say that it is synthetic")]
    lines += [("mark", words) for words in _of_mark(sighting)]
    lines.append(("result", _result(bool(said), sighting)))
    return [f"{name:<8} {words}" for name, words in lines]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[WindowedImage, str]]:
    """The image, and by what it says that it was painted; nothing where it says no such thing."""
    name = file_and_extension(path)[0].name.lower()
    if name.endswith(HDF5_SUFFIXES):
        with read_field(path) as reader:
            about = reader.about
            said = f"painted by the generator {about.get('generator', '')} {str(about['model'])[:12]}"
            yield reader.image, f"{said}, seed {about['seed']}" + _marked(about.get("mark", {}).get("strength"))
    elif name.endswith(FITS_SUFFIXES):
        with open_image(choose_extension(path, None).word) as image:
            yield image, _of_header(fits.Header.fromstring(image.header or "", sep="\n"))
    else:
        raise NoFieldFileError(f"{path}: cannot say whether it is synthetic; FITS or field.h5 is needed")


def _of_header(header: fits.Header) -> str:
    if not header.get("SYNTHET"):
        return ""
    said = f"SYNTHET = T, painted by the generator {header.get('GENMODEL', 'that it does not name')}"
    return f"{said}, seed {header.get('SEED', 'unknown')}" + _marked(header.get("KEYMARK"))


def _marked(strength: float | None) -> str:
    return "" if strength is None else f", with a keyed mark of {strength:g} of the sky's noise"


def _of_mark(sighting: Sighting | None) -> Iterator[str]:
    if sighting is None:
        yield "was not looked for, as no --key was given"
        return
    share, places = _share(sighting.log_p), f"the best of {sighting.trials:,} places"
    fit = f"{sighting.sigmas:.1f} sigma at {places}, as {share} of other keys would have"
    if sighting.found:
        yield f"found: {fit}; the file begins at row {sighting.row}, column {sighting.column} of the pattern"
    else:
        yield f"not found: {fit}"
    yield f"it counts as found where at most {FALSE_POSITIVES:g} would: wrongly in one of a million images at most"


def _share(log_p: float) -> str:
    """At most so many, as the p-value is an upper bound."""
    return f"at most 1e{math.ceil(log_p)}" if log_p < -4 else f"at most {10**log_p:.2g}"


def _result(said: bool, sighting: Sighting | None) -> str:
    found = sighting is not None and sighting.found
    if said or found:
        by = " and ".join(name for name, known in (("its header", said), ("its mark", found)) if known)
        return f"synthetic, by {by}"
    return (
        "nothing says that it is synthetic, which does not prove that it is real: headers can be removed, and a field "
        "may have no mark, or one by another key"
    )
