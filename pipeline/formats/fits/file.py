"""A FITS file, opened: unpacked where it is compressed as a whole, and refused in a line where it is damaged."""

from __future__ import annotations

import errno
import gzip
import re
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from astropy.io import fits
from astropy.io.fits.verify import VerifyError

from pipeline.formats.checks import FormatError

BLOCK = 2880
"""FITS files are padded to multiples of this many bytes."""

_GZIP = b"\x1f\x8b"
"""How a file begins that is compressed as a whole."""

_DAMAGE = (OSError, EOFError, TypeError, ValueError, KeyError, IndexError, zlib.error, VerifyError)
"""What astropy raises on files that are not what they say."""


@contextmanager
def open_hdus(path: Path) -> Iterator[fits.HDUList]:
    """Open a file, all of whose headers are sound; values are as stored, not scaled.

    Raises
    ------
    FormatError
        If it is missing, cut short or no FITS file, or there is no room to unpack it.
    """
    # Scaling is left to us: astropy takes BLANK for a value in unsigned integers. Mapped from disk, what was read would
    # count as memory until the file is closed.
    with ExitStack() as opened:
        with reading(path), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            file = opened.enter_context(path.open("rb"))
            if file.peek(2)[:2] == _GZIP:
                file = opened.enter_context(_unpacked(file, path))
            hdus = opened.enter_context(
                fits.open(file, memmap=False, do_not_scale_image_data=True, ignore_missing_simple=False)
            )
            len(hdus)  # reads every header, so that a file that ends early is known before it is used
            _refuse_cut_short(path, hdus, [str(warning.message) for warning in said])
        yield hdus


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in a line what is wrong with a file.

    Raises
    ------
    FormatError
        If the file is missing, or is not what it says.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FormatError:
        raise
    except FileNotFoundError:
        raise FormatError(f"{path}: no such file") from None
    except VerifyError as error:
        reason = " ".join(str(error).split())[:200]
        raise FormatError(f"{path}: a keyword of its header cannot be understood ({reason}); mend its value") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise FormatError(
            f"{path}: cannot be read as FITS ({reason}); it may be cut short or damaged: fetch it again"
        ) from None


@contextmanager
def _unpacked(packed: BinaryIO, path: Path) -> Iterator[BufferedReader]:
    # A window of a compressed stream could only be reached through all that lies before it.
    with tempfile.NamedTemporaryFile(suffix=".fits") as file:
        try:
            with gzip.open(packed) as content:
                shutil.copyfileobj(content, file, 2**20)
            file.flush()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
                raise
            reason = f"no room to unpack it in {tempfile.gettempdir()}"
            raise FormatError(f"{path}: {reason}; set TMPDIR to a folder that has it, or unpack it yourself") from None
        with Path(file.name).open("rb") as unpacked:
            yield unpacked


def _refuse_cut_short(path: Path, hdus: fits.HDUList, said: list[str]) -> None:
    if any("Error validating header" in message for message in said):
        raise FormatError(f"{path}: cut short or damaged in the header of extension {len(hdus)}; fetch the file again")
    found = next(filter(None, (re.search(r"length \((\d+)\).*size \((\d+)\)", message) for message in said)), None)
    if found is None:
        return
    there, needed = int(found[1]), int(found[2])
    last = hdus[-1]
    ends = (last.fileinfo() or {}).get("datLoc", 0) + last.size
    # Some programs leave out the padding of the last block, which holds nothing.
    if isinstance(last, fits.CompImageHDU) or needed - there >= BLOCK or ends > there:
        raise FormatError(f"{path}: cut short: {there} of {needed} bytes are there; fetch the file again")
