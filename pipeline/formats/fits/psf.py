"""A measured point-spread function, with the width of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from pipeline.formats.bands import planes_for
from pipeline.formats.checks import FormatError
from pipeline.formats.fits.extensions import open_extension
from pipeline.formats.fits.file import reading
from pipeline.formats.fits.inherited import inherited_header
from pipeline.formats.fits.planes import planes_named, read_plane, shape_of
from pipeline.formats.fits.sky import pixel_scale_of
from pipeline.tiling import whole


def read_psf(
    path: str | Path, bands: Sequence[str] | None = None, planes: Sequence[str] = ()
) -> tuple[NDArray[np.float64], float | None]:
    """Read a point-spread function.

    Parameters
    ----------
    path : path
        FITS; ``FILE[EXT]`` names an extension, otherwise the first with an image is taken.
    bands : sequence of str, optional
        Those of the image that it goes with: stamps that BAND1, BAND2, ... name are put in this order.
    planes : sequence of str
        The order of stamps without names, that of the image's files; by default that of ``bands``.

    Returns
    -------
    stamp : array, shape (H, W), or (C, H, W) with one stamp per band
        As stored; the sum is not touched.
    pixel_scale : float or None
        Width of a pixel in arcsec, from a celestial WCS or the keyword PIXELSCL or PIXSCALE.

    Raises
    ------
    FormatError
        If the file cannot be read, a value is not finite, or the stamps are not those of the bands.
    """
    with open_extension(path, "science", "holds the PSF") as (file, hdus, hdu):
        count, height, width = shape_of(file, hdu)
        with reading(file):
            stamps = [read_plane(hdu, number, whole(height, width)) for number in range(count)]
            header = inherited_header(hdus, hdu)
            names = planes_named(header, count)
            # Its own word before that of the whole file, whose WCS may be of the image that the PSF belongs to.
            scale = _scale(hdu.header, hdus) or _scale(header, hdus)
        stamp = np.stack(stamps).astype(np.float64)
    if not np.isfinite(stamp).all():
        raise FormatError(f"{file}: the PSF holds NaN or infinite values; replace them, or cut the stamp smaller")
    if bands is not None:
        order = planes_for(file, count, names, bands, planes)
        stamp = stamp if count == 1 else stamp[order]
    return (stamp[0] if len(stamp) == 1 else stamp), scale


def _scale(header: fits.Header, hdus: fits.HDUList) -> float | None:
    given = [pixel_scale_of(header, hdus), header.get("PIXELSCL"), header.get("PIXSCALE")]
    return next((float(value) for value in given if isinstance(value, int | float) and value > 0), None)
