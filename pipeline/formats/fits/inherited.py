"""The header of an extension, with what the primary header says of the whole file: telescope, instrument, date."""

from __future__ import annotations

import re
from typing import Any

from astropy.io import fits

from pipeline.formats.fits.header import STORAGE

_NAMES = re.compile(r"|EXTNAME|EXTVER|EXTLEVEL")
"""Names of the primary part itself; blank keywords are headings."""

_GRID = re.compile(
    r"(WCSAXES|WCSNAME|LONPOLE|LATPOLE|C(TYPE|RVAL|RPIX|UNIT|DELT|ROTA|NAME)\d+|(PC|CD|PV|PS)\d+_\d+)[A-Z]?"
    r"|(A|B|AP|BP)_(ORDER|DMAX|\d+_\d+)"
)
"""Keywords that place a grid of pixels on the sky, which make sense only together."""


def inherited_header(hdus: fits.HDUList, hdu: Any) -> fits.Header:
    """The header of an extension, in front of it what only the primary header says.

    By the FITS convention of INHERIT, though few files set the keyword: it is taken to be true unless it is false. Of a
    primary header with pixels of its own, nothing is taken: it describes those.

    Parameters
    ----------
    hdus : HDUList
        The file.
    hdu : HDU
        One of its parts.

    Returns
    -------
    Header
        A copy. Where both have a keyword, the extension's value stands; COMMENT and HISTORY are those of both.
    """
    own, primary = hdu.header, hdus[0]
    if hdu is primary or primary.header.get("NAXIS") or own.get("INHERIT") is False:
        return own.copy()
    return fits.Header([*(card for card in primary.header.cards if _is_inherited(card, own)), *own.cards])


def _is_inherited(card: fits.Card, own: fits.Header) -> bool:
    if STORAGE.fullmatch(card.keyword) or _NAMES.fullmatch(card.keyword):
        return False
    if card.keyword in ("COMMENT", "HISTORY"):
        return card.value not in own.get(card.keyword, ())
    # A grid of which each header gives a half would be neither's.
    return card.keyword not in own and not ("CTYPE1" in own and _GRID.fullmatch(card.keyword))
