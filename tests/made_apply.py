"""What tests tell `apply` of a made image, and what they hold its results and refusals to."""

import pytest
from astropy.io import fits
from astropy.wcs import WCS
from made_model import NOISE

from pipeline.errors import ClearfieldError
from pipeline.steps.apply import apply

GIVEN = {"psf": "3px", "noise": str(NOISE)}
"""The instrument of the image that :func:`made_model.make_fits` writes."""


def corners(header, shape):
    """Where the corners of an image, and a point within, lie on the sky in degrees."""
    height, width = shape[-2:]
    pixels = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1], [width / 2, height / 3]]
    return WCS(header).celestial.wcs_pix2world(pixels, 0)


def refused(says, *arguments, **words):
    """The step refuses in one line that says so, and leaves nothing behind."""
    out = arguments[2]
    before = set(out.parent.iterdir())
    with pytest.raises(ClearfieldError, match=says) as caught:
        apply(*arguments, **words)
    assert "\n" not in str(caught.value)
    assert set(out.parent.iterdir()) == before


def history_of(path):
    """What the history of a FITS file says, as one line: cards hold 72 characters, blanks at their end are lost."""
    return " ".join("".join(f"{line:<72}" for line in fits.getheader(path)["HISTORY"]).split())


def reading(**changes):
    """How a study read its images, for a card."""
    nothing = {"science": None, "noise": None, "noise_kind": "sigma", "mask": None, "mask_bits": None}
    return nothing | {"unit": None, "background": "none", "background_box": 64} | changes


def anything(bands):
    """A trained range that holds every instrument, for a card."""
    return {"fwhm_px": [1, 9], "r80_px": [0, 9]} | {f"sigma_{band}": [0, 1e9] for band in bands}
