"""The header of a result: all that the input's said of sky and instrument, and nothing of how it was stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

from astropy.io import fits

from pipeline.formats.checks import FormatError
from pipeline.image import UNKNOWN
from pipeline.windowed import WindowedImage

STORAGE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|NEXTEND|PCOUNT|GCOUNT|GROUPS|INHERIT|BSCALE|BZERO|BLANK|DATAMIN|DATAMAX|CHECKSUM|DATASUM|END"
    r"|Z(IMAGE|TENSION|SIMPLE|EXTEND|BLOCKED|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TILE\d+|CMPTYPE|NAME\d+|VAL\d+|MASKCMP|QUANTIZ|DITHER0"
    r"|SCALE|ZERO|BLANK|HECKSUM|DATASUM)"
    r"|T(FIELDS|HEAP|(TYPE|FORM|NULL|SCAL|ZERO|DIM|DISP)\d+)"
)
"""Keywords that say how the input was stored, which a file of float32 is not."""

_BAND = re.compile(r"BAND\d+")
"""Keywords that name the input's planes, of which there may be others."""

_PLANE_AXIS = re.compile(
    r"(C(TYPE|UNIT|RPIX|RVAL|DELT|ROTA|NAME|RDER|SYER)3|(PC|CD)3_\d+|(PC|CD)\d+_3|(PV|PS)3_\d+)[A-Z]?"
)
"""Keywords of the axis along which the planes of a file lie: frequency, say, in equal steps."""

_LOOKUP = re.compile(r"(CPDIS|CQDIS|CPERR|CQERR|D2IMDIS|D2IMERR)\d.*|D2IMEXT|(DP|DQ|D2IM)\d+(\..*)?")
"""Keywords of distortions that are tabulated in other extensions."""


def header_of(image: WindowedImage, history: Sequence[str]) -> fits.Header:
    """The header under which an image is written.

    Parameters
    ----------
    image : WindowedImage
        With the header that it came with.
    history : sequence of str
        Becomes HISTORY lines.
    """
    given = fits.Header.fromstring(image.header or "", sep="\n")
    gone = (STORAGE, _BAND, _LOOKUP)
    header = fits.Header([c for c in given.cards if not any(pattern.fullmatch(c.keyword) for pattern in gone)])
    if header.get("EXTNAME") == "COMPRESSED_IMAGE":
        del header["EXTNAME"]
    if len(image.bands) > 1:
        for version in ("", *ascii_uppercase):
            _add_band_axis(header, version)
        header.remove("FILTER", ignore_missing=True)  # the first band's; BAND1, BAND2, ... name them all
    header.pop("BUNIT", None)
    if image.unit != UNKNOWN:
        header["BUNIT"] = (_ascii(image.unit), "unit of the values")
    for number, band in enumerate(image.bands, 1):
        header[f"BAND{number}"] = (_ascii(band), f"plane {number}" if len(image.bands) > 1 else "band")
    lines = [line for entry in history for line in _ascii(entry).splitlines()]
    if any(_LOOKUP.fullmatch(card.keyword) for card in given.cards):
        lines.append("Tabulated distortions (CPDIS, D2IMDIS) of the input's WCS were not carried over.")
    for line in lines:
        header.add_history(line)
    return header


def companion_of(header: fits.Header) -> fits.Header:
    """Header of a noise map or mask: on the grid of the image, with neither its name nor its history."""
    companion = header.copy()
    for keyword in ("EXTNAME", "EXTVER", "HISTORY", "COMMENT"):
        companion.remove(keyword, ignore_missing=True, remove_all=True)
    return companion


def without_plane_axis(header: str) -> str:
    """The header of a file, as text, without its third axis: for planes that do not lie along it, one after another."""
    given = fits.Header.fromstring(header, sep="\n")
    kept = fits.Header([card for card in given.cards if not _PLANE_AXIS.fullmatch(card.keyword)])
    return kept.tostring(sep="\n", endcard=False, padding=False)


def _add_band_axis(header: fits.Header, version: str) -> None:
    # With a CD matrix, what is not given counts as 0, so that a third axis without an entry would be a singular WCS.
    if f"CTYPE1{version}" not in header or f"CTYPE3{version}" in header:
        return
    if f"WCSAXES{version}" in header:
        header[f"WCSAXES{version}"] = max(3, header[f"WCSAXES{version}"])
    for keyword, value in (("CTYPE3", "BAND"), ("CRPIX3", 1.0), ("CRVAL3", 1.0), ("CDELT3", 1.0)):
        header[f"{keyword}{version}"] = value
    if any(re.fullmatch(rf"CD\d+_\d+{version}", keyword) for keyword in header):
        header[f"CD3_3{version}"] = 1.0


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def with_finer_pixels(header: str, per_pixel: float) -> str:
    """The header of an image, as text, on pixels of ``per_pixel`` times the width, the first one's corner in place.

    Raises
    ------
    FormatError
        If the WCS has a polynomial distortion, which is of the old pixels.
    """
    given = fits.Header.fromstring(header, sep="\n")
    if any(str(given.get(f"CTYPE{axis}", "")).endswith("-SIP") for axis in (1, 2)):
        raise FormatError("its WCS has a polynomial distortion (SIP), which is of its own pixels; take that out first")
    for card in given.cards:
        if re.fullmatch(r"CRPIX[12][A-Z]?", card.keyword):
            given[card.keyword] = (card.value - 0.5) / per_pixel + 0.5
        elif re.fullmatch(r"(CDELT[12]|CD[12]_[12])[A-Z]?", card.keyword):
            given[card.keyword] = card.value * per_pixel
    for keyword in list(given):
        # A PC matrix alone is of pixels one unit wide: the default of CDELT (Greisen and Calabretta 2002, section 2.1).
        if matched := re.fullmatch(r"CTYPE([12])([A-Z]?)", keyword):
            axis, version = matched.groups()
            if not any(re.fullmatch(rf"CDELT{axis}{version}|CD\d_\d{version}", other) for other in given):
                given[f"CDELT{axis}{version}"] = per_pixel
    return given.tostring(sep="\n", endcard=False, padding=False)
