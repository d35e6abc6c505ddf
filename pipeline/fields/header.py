"""The FITS header of a synthetic field: that it is one, by which model and seed, and where on the sky it would lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales

from pipeline.tiling import Window

WIDEST = 60.0
"""Degrees from the reference point up to which a plane stands for the sky."""


def field_header(about: dict[str, Any], window: Window) -> str:
    """Header of a window of a field, as text.

    Parameters
    ----------
    about : dict
        What the field says of itself.
    window : Window
        Where it lies in the endless plane, whose row 0 and column 0 are those of the image that the model learned from.
        Too far from there, it has no place on the sky.
    """
    header = _placed(about["wcs"], window) or fits.Header()
    header["SYNTHET"] = (True, "painted by a generator, not observed")
    header["SEED"] = (about["seed"], "of the field")
    header["GENMODEL"] = (about["model"][:12], "hash of the generator")
    header["GENTILE"] = (about["tile"], "[pix] width of its tiles")
    header["FIELDY0"] = (window.y0, "[pix] first row")
    header["FIELDX0"] = (window.x0, "[pix] first column")
    if "mark" in about:
        header["KEYMARK"] = (about["mark"]["strength"], "keyed mark in the noise, over sky noise")
    header["PSFFWHM"] = (about["psf_fwhm"] or "", "PSF of the training images")
    named = {"SKY": about["sky"], "SKYSIG": about["sky_sigma"], "MAGZERO": about["zero_points"] or []}
    for name, values in named.items():
        for plane, value in enumerate(values, 1):
            header[f"{name}{plane}"] = value
    return header.tostring(sep="\n", endcard=False, padding=False)


def history_of_field(about: dict[str, Any]) -> list[str]:
    """What a result says of how it came about."""
    return [
        f"Synthetic: painted by Clearfield with the generator {about['generator']} {about['model'][:12]} (study "
        f"{about['study']}), seed {about['seed']}"
    ]


def _placed(text: str | None, window: Window) -> fits.Header | None:
    if text is None:
        return None
    header = fits.Header.fromstring(text, sep="\n")
    wcs = WCS(header, naxis=2)
    header["CRPIX1"], header["CRPIX2"] = (float(c - start) for c, start in zip(wcs.wcs.crpix, (window.x0, window.y0)))
    rows, columns = (0, window.height - 1), (0, window.width - 1)
    corners = np.array([(x + 1 - header["CRPIX1"], y + 1 - header["CRPIX2"]) for x in columns for y in rows])
    degrees = np.hypot(*(corners * proj_plane_pixel_scales(wcs)).T)
    return header if degrees.max() <= WIDEST else None
