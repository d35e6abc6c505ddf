"""PSFs that change over an image: a table of stamps, or a model by PSFEx."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from astropy.io import fits
from numpy.typing import NDArray

from pipeline.formats.checks import FormatError
from pipeline.formats.fits import read_psf

ACROSS = 5
"""A PSFEx model is asked at so many places along each side of the image."""
COLUMNS = ("x", "y", "file")


class PsfField(NamedTuple):
    """Stamps of a PSF, and where each of them holds."""

    places: NDArray[np.float64]
    """Rows and columns in px, counted from 0, shape (N, 2)."""
    stamps: NDArray[np.float64]
    """Shape (N, C, H, W); C is 1 where one stamp serves every band."""
    pixels: float | None
    """Width of the stamps' pixels in those of the image ..."""
    arcsec: float | None
    """... or in arcsec, whichever the files say; images' pixels where they say neither."""


def read_psf_field(path: str | Path, bands: Sequence[str]) -> PsfField:
    """Read a PSF that changes over the image.

    Parameters
    ----------
    path : path
        A CSV with columns x, y, file, or the output of PSFEx, one file for all bands or, with ``{band}``, one each.
    bands : sequence of str

    Raises
    ------
    FormatError
        If a file is missing or is not what its name says, or the stamps differ in shape.
    """
    return _psfex(str(path), bands) if str(path).endswith(".psf") else _table(Path(path), bands)


def _table(path: Path, bands: Sequence[str]) -> PsfField:
    try:
        table = pd.read_csv(path, skipinitialspace=True, dtype={"file": str})
        places = table[["y", "x"]].to_numpy(dtype=np.float64) - 1
        files = [path.parent / file for file in table["file"]]
    except FileNotFoundError:
        raise FormatError(f"{path}: no such file; pairs.stamps must name a CSV with x, y, file, or a .psf") from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise FormatError(f"{path}: not a CSV with columns x, y, file ({' '.join(str(error).split())})") from None
    if not files:
        raise FormatError(f"{path}: has no line; one stamp at least is needed")
    read = [read_psf(file, bands) for file in files]
    stamps = [stamp if stamp.ndim == 3 else stamp[None] for stamp, _ in read]
    for file, stamp in zip(files, stamps):
        if stamp.shape != stamps[0].shape:
            raise FormatError(f"{file}: of shape {stamp.shape}, and {files[0]} of {stamps[0].shape}; cut them alike")
    first = read[0][1]
    for file, (_, scale) in zip(files, read):
        if (scale is None) != (first is None) or not np.isclose(scale or 0, first or 0):
            widths = (scale or "unknown", first or "unknown")
            raise FormatError(
                f"{file}: has pixels of {widths[0]} arcsec, and {files[0]} of {widths[1]}; sample them alike"
            )
    if not np.isfinite(places).all():
        raise FormatError(f"{path}: a place in x or y is no number; each stamp needs one, counted from 1")
    return PsfField(places, np.stack(stamps), None, first)


def _psfex(pattern: str, bands: Sequence[str]) -> PsfField:
    import galsim.des  # here, since it takes a second and few need it

    files = [pattern.replace("{band}", band) for band in bands] if "{band}" in pattern else [pattern]
    fields = []
    for file in files:
        try:
            model, corners = galsim.des.DES_PSFEx(file), _extent(file)
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise FormatError(f"{file}: not a model by PSFEx ({' '.join(str(error).split())})") from None
        x, y = (axis.ravel() for axis in np.meshgrid(*(np.linspace(*ends, ACROSS) for ends in corners)))
        stamps = np.stack([model.getPSFArray(galsim.PositionD(*place)) for place in zip(x, y)])
        fields.append((np.stack([y, x], 1) - 1, stamps, float(model.getSampleScale())))
    places, _, pixels = fields[0]
    for file, (others, _, scale) in zip(files, fields):
        if scale != pixels or not np.allclose(others, places):
            raise FormatError(
                f"{file}: sampled otherwise than {files[0]}, or of another image; PSFEx must make both alike"
            )
    return PsfField(places, np.stack([stamps for _, stamps, _ in fields], 1).astype(np.float64), pixels, None)


def _extent(file: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """First and last column, and row, for which a model was made, counted from 1."""
    header = fits.getheader(file, 1)
    if not header.get("POLNAXIS"):
        return (1.0, 1.0), (1.0, 1.0)
    zero, scale = ([float(header[f"{key}{axis}"]) for axis in (1, 2)] for key in ("POLZERO", "POLSCAL"))
    x, y = ((z - s / 2, z + s / 2) for z, s in zip(zero, scale))
    return x, y
