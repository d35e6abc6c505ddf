"""A measured point-spread function, with the width of its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.checks import ExtensionError, FormatError
from pipeline.formats.fits.extensions import file_and_extension, find_extension
from pipeline.formats.fits.file import open_hdus, reading
from pipeline.formats.fits.planes import read_plane, shape_of
from pipeline.formats.fits.sky import pixel_scale_of
from pipeline.tiling import whole


def read_psf(path: str | Path) -> tuple[NDArray[np.float64], float | None]:
    """Read a point-spread function.

    Parameters
    ----------
    path : path
        FITS; ``FILE[EXT]`` names an extension, otherwise the first with an image is taken.

    Returns
    -------
    stamp : array, shape (H, W), or (C, H, W) with one stamp per band
        As stored; the sum is not touched.
    pixel_scale : float or None
        Width of a pixel in arcsec, from a celestial WCS or the keyword PIXELSCL or PIXSCALE.

    Raises
    ------
    FormatError
        If the file cannot be read, or a value is not finite.
    """
    path, extension = file_and_extension(path)
    with open_hdus(path) as hdus:
        try:
            hdu = find_extension(path, hdus, extension, "science")
        except ExtensionError as error:
            raise FormatError(f"{error.found}; name the one that holds the PSF") from None
        count, height, width = shape_of(path, hdu)
        with reading(path):
            planes = [read_plane(hdu, number, whole(height, width)) for number in range(count)]
        stamp = np.stack(planes).astype(np.float64)
        scale = pixel_scale_of(hdu.header, hdus)
        given = [hdu.header.get(keyword) for keyword in ("PIXELSCL", "PIXSCALE")]
    if not np.isfinite(stamp).all():
        raise FormatError(f"{path}: the PSF holds NaN or infinite values; replace them, or cut the stamp smaller")
    if scale is None:
        scale = next((float(value) for value in given if isinstance(value, int | float) and value > 0), None)
    return (stamp[0] if len(stamp) == 1 else stamp), scale
