"""Where an image lies on the sky, and how wide its pixels are there."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from numpy.typing import NDArray

from pipeline.formats.bands import Planes
from pipeline.formats.checks import FormatError
from pipeline.formats.fits.file import open_hdus
from pipeline.image import Image

NARROW_ENOUGH = 0.5
"""Length that the mean of an image's corners, as unit vectors, must have: its corners then lie within 60 degrees."""


def celestial_wcs(header: fits.Header, hdus: fits.HDUList | None = None) -> WCS | None:
    """Where the plane of an image lies on the sky, or None where its header does not say.

    Parameters
    ----------
    header : Header
    hdus : HDUList, optional
        The file, for distortions that are tabulated in other extensions.
    """
    # A WCS that cannot be understood gives no pixel scale, and a width in arcsec is then refused by name; restoring in
    # pixels needs none, and the header is passed on as it is.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The first two axes are the plane of the image; with a third one, astropy refuses a SIP distortion.
            wcs = WCS(header, fobj=hdus, naxis=2)
            return wcs.celestial if wcs.has_celestial else None
    except Exception:
        return None


def pixel_scale_of(header: fits.Header, hdus: fits.HDUList | None = None) -> float | None:
    """Width of a pixel in arcsec, or None where the header has no place on the sky.

    Parameters
    ----------
    header : Header
    hdus : HDUList, optional
        The file, for distortions that are tabulated in other extensions.
    """
    wcs = celestial_wcs(header, hdus)
    if wcs is None:
        return None
    return float(np.sqrt(np.prod(proj_plane_pixel_scales(wcs))) * 3600)


def wcs_of(image: Image) -> WCS | None:
    """Where an image lies on the sky, or None where its header does not say; what other extensions hold is lost."""
    return celestial_wcs(fits.Header.fromstring(image.header or "", sep="\n"))


def centre_of(path: str | Path, image: Image) -> SkyCoord | None:
    """Where the middle of an image lies on the sky, or None where it is not known.

    Parameters
    ----------
    path : path
        The file that it came from, for distortions that are tabulated there.
    image : Image
    """
    height, width = image.shape[-2:]
    with open_hdus(Path(path)) as hdus:
        wcs = celestial_wcs(fits.Header.fromstring(image.header or "", sep="\n"), hdus)
        try:
            return None if wcs is None else wcs.pixel_to_world((width - 1) / 2, (height - 1) / 2)
        except Exception:  # a frame that astropy does not know
            return None


def footprint_of(header: str, height: int, width: int) -> NDArray[np.float64] | None:
    """Where the corners of an image lie on the sky.

    Parameters
    ----------
    header : str
        FITS header as text.
    height, width : int
        Of the image in px.

    Returns
    -------
    array, shape (4, 3)
        ICRS unit vectors of the middles of the corner pixels, around the image; so neighbours that touch do not share
        any sky. None where the header has no place on the sky, or one that cannot be understood or is wider than a
        plane can show.
    """
    cards = fits.Header.fromstring(header, sep="\n")
    wcs = celestial_wcs(cards)
    # What lacks a place is taken to lie at 0, where all such images would meet.
    if wcs is None or not all(isinstance(cards.get(f"CRVAL{axis}"), int | float) for axis in (1, 2)):
        return None
    columns, rows = [0, width - 1, width - 1, 0], [0, 0, height - 1, height - 1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            corners = wcs.pixel_to_world(columns, rows).icrs.cartesian.xyz.value.T
    except Exception:  # a frame that astropy does not know
        return None
    return corners if np.linalg.norm(corners.mean(0)) > NARROW_ENOUGH else None


def refuse_other_sky(files: Sequence[Planes]) -> None:
    """Refuse files of one image that lie a pixel or more apart on the sky.

    Raises
    ------
    FormatError
        If a WCS lies that far off the first file's; a file without one is taken to be registered.
    """
    # Bands that are not registered would be restored jointly without a word. One pixel is more than any rounding.
    if len(files) < 2:
        return
    skies = [celestial_wcs(fits.Header.fromstring(file.header or "", sep="\n")) for file in files]
    if skies[0] is None:
        return
    height, width = files[0].shape[-2:]
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], dtype=float)
    for file, sky in zip(files[1:], skies[1:]):
        if sky is None:
            continue
        offset = np.abs(skies[0].wcs_world2pix(sky.wcs_pix2world(corners, 0), 0) - corners).max()
        if not offset < 1:
            raise FormatError(
                f"{file.source}: its WCS lies {offset:.3g} px off that of {files[0].source}; "
                "the bands of an image must be registered on one grid"
            )
