"""Fields to be looked at: what they say of themselves, and where they lie on the sky."""

import numpy as np
from astropy.wcs import WCS

SIGMA = 0.1
SCALE = 0.2
"""Arcsec in a px."""


def made_wcs(scale=SCALE):
    """A tangential plane, as a card holds it."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crpix, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [40, 50], [150.0, 2.0]
    wcs.wcs.cdelt = [-scale / 3600, scale / 3600]
    return wcs.to_header().tostring(sep="\n", endcard=False, padding=False)


def made_words(bands, **more):
    """What the field of a trained generator says of itself, as far as viewers ask."""
    return {
        **{"bands": list(bands), "unit": "nJy", "pixel_scale": SCALE, "synthetic": True, "seed": 7},
        **{"sky": [0.0] * len(bands), "sky_sigma": [SIGMA] * len(bands), "zero_points": None, "psf_fwhm": None},
        **{"generator": "sgan", "model": "0123456789abcdef", "study": "made", "settings": {}, "wcs": None},
        **more,
    }


def block_means(pixels, halvings):
    """Means over blocks of 2^k px, of what lies inside at the border: shape (C, h, w)."""
    size = 2**halvings
    rows, columns = (-(-length // size) for length in pixels.shape[1:])
    blocks = np.full((len(pixels), rows * size, columns * size), np.nan)
    blocks[:, : pixels.shape[1], : pixels.shape[2]] = pixels
    return np.nanmean(blocks.reshape(len(pixels), rows, size, columns, size), (2, 4))
