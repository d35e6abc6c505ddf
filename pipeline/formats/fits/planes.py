"""Windows of the planes that an extension holds: values, flags and noise, all on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from pipeline.formats.bands import numbered, planes_for
from pipeline.formats.checks import FormatError, refuse_other_shape
from pipeline.image import Mask
from pipeline.tiling import Window

READ_AT_ONCE = 2**20
"""Values that are read of whole rows at most, to take a window out of them: see :func:`_stored`."""


def shape_of(path: Path, hdu: Any) -> tuple[int, int, int]:
    """Shape (C, H, W) of an extension; axes of length 1 before the bands are dropped.

    Raises
    ------
    FormatError
        If it has no 2 or 3 axes.
    """
    shape = tuple(hdu.shape)
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 2:
        shape = (1, *shape)
    if len(shape) != 3:
        axes = " x ".join(map(str, shape))
        raise FormatError(
            f"{path}: {hdu.name or 'the image'} has {len(shape)} axes ({axes}); 2 are needed, or 3 with the bands first"
        )
    return shape


def read_plane(hdu: Any, number: int, window: Window) -> NDArray[Any]:
    """A window of one plane in physical units, shape (H, W), NaN where blank; only its part of the file is read."""
    leading = (0,) * (len(hdu.shape) - 3) + (number,) if len(hdu.shape) > 2 else ()
    stored = _stored(hdu, leading, window)
    header = hdu.header
    scale, zero, blank = header.get("BSCALE", 1), header.get("BZERO", 0), header.get("BLANK")
    if stored.dtype.kind == "f" and (scale, zero) == (1, 0):
        return stored
    values = stored.astype(np.float64) * scale + zero
    if stored.dtype.kind in "iu" and blank is not None:
        values[stored == blank] = np.nan
    return values


def _stored(hdu: Any, leading: tuple[int, ...], window: Window) -> NDArray[Any]:
    """A window as it stands in the file, shape (H, W)."""
    count = READ_AT_ONCE // hdu.shape[-1]
    if count < 2 or isinstance(hdu, fits.CompImageHDU):
        return np.asarray(hdu.section[(*leading, *window.slices)])
    # Of a window that is narrower than the image astropy fetches every row by itself, which takes longer than to read
    # some whole rows at once.
    rows, columns = window.slices
    starts = range(rows.start, rows.stop, count)
    parts = [hdu.section[(*leading, slice(y, min(y + count, rows.stop)))][:, columns] for y in starts]
    return np.concatenate(parts) if parts else np.asarray(hdu.section[(*leading, rows, columns)])


def planes_named(header: fits.Header, count: int) -> tuple[str, ...]:
    """Bands of a number of planes, from BAND1, BAND2, ...; empty where the header does not name each."""
    names = tuple(str(header.get(f"BAND{n + 1}", "")).strip() for n in range(count))
    # A plane that was taken out of a cube, under the cube's header, may be any of those that this names.
    known = all(names) and len(set(names)) == count and f"BAND{count + 1}" not in header
    return names if known and names != numbered(count) else ()


def companion_planes(path: Path, hdu: Any, shape: tuple[int, int, int], names: Sequence[str]) -> list[int]:
    """Which plane of a noise map or mask goes with each plane of the science image.

    Parameters
    ----------
    path : Path
        The file, for messages.
    hdu : HDU
        The map: one plane for all, or one for each, by name where both have names, else in the same order.
    shape : tuple of int
        (C, H, W) of the science image.
    names : sequence of str
        Bands of its planes; empty where they are not named.

    Raises
    ------
    FormatError
        If height or width differ, it has neither one plane nor one per band, or it names other bands.
    """
    count, *size = shape_of(path, hdu)
    source = f"{path}, extension {hdu.name}"
    refuse_other_shape(source, tuple(size), "the science image", shape)
    if count not in (1, shape[0]):
        raise FormatError(
            f"{path}: extension {hdu.name} has {count} planes for {shape[0]} bands; 1 or {shape[0]} are needed"
        )
    return planes_for(source, count, planes_named(hdu.header, count) if names else (), names or numbered(shape[0]))


def flagged(flags: NDArray[Any], bits: int | None) -> Mask:
    """Where a mask flags a pixel: by any of some bits, or by any value but 0 where no bits are given."""
    unknown = ~np.isfinite(flags)
    if bits is None:
        return unknown | (flags != 0)
    return unknown | ((np.where(unknown, 0, flags).astype(np.int64) & bits) != 0)


def refuse_negative(path: Path, noise: NDArray[Any], key: str | int | None) -> None:
    """Refuse a noise map, shape (H, W), of the extension ``key``, that is below 0 somewhere.

    Raises
    ------
    FormatError
        If it is: nothing that a noise map may hold is negative, so that it is no noise map, or a wrong one.
    """
    with np.errstate(invalid="ignore"):
        negative = noise[np.isfinite(noise) & (noise < 0)]
    if negative.size:
        raise FormatError(
            f"{path}: extension {key!r} holds noise of {negative.min():.4g}; values above 0 are needed, or 0 where "
            "there is none: set images.noise to another extension, or mend the map"
        )


def sigma_of(noise: NDArray[Any], kind: str) -> tuple[NDArray[np.float64], Mask]:
    """Standard deviation out of a noise map, and where there is none.

    Parameters
    ----------
    noise : array, shape (H, W)
    kind : {"sigma", "variance", "weight"}
        A weight is one over the variance.

    Returns
    -------
    sigma : array, shape (H, W), float64
    without : array, shape (H, W), bool
        True where the map is not finite or not above 0; sigma stands for nothing there.
    """
    values = noise.astype(np.float64)
    without = ~(np.isfinite(values) & (values > 0))
    values[without] = 1
    if kind == "sigma":
        return values, without
    return np.sqrt(values) if kind == "variance" else 1 / np.sqrt(values), without
