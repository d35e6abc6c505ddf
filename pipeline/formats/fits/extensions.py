"""The parts of a FITS file: which there are, and the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from astropy.io import fits

from pipeline.formats.checks import ExtensionError, FormatError
from pipeline.formats.fits.file import open_hdus, reading


class Extension(NamedTuple):
    """One part of a FITS file."""

    name: str
    shape: tuple[int, ...]
    """As NumPy has it, (H, W) or (C, H, W); empty where the part holds no image."""
    kind: str
    """Type of the stored numbers, such as ``float32``, or ``table``."""
    version: int = 1
    """Which of several of this name it is."""


def file_and_extension(path: str | Path) -> tuple[Path, str | int | None]:
    """Part ``FILE[EXT]`` into the file and the extension: a name, ``NAME,VERSION`` or a number, or None.

    A file whose own name ends so is that file.
    """
    match = re.fullmatch(r"(.+)\[([^\[\]]+)\]", str(path))
    if match is None or Path(path).exists():
        return Path(path), None
    return Path(match[1]), int(match[2]) if match[2].isdecimal() else match[2].strip()


def list_extensions(path: str | Path) -> list[Extension]:
    """The parts of a FITS file, in order, from their headers alone.

    Raises
    ------
    FormatError
        If the file is missing, cut short or no FITS file.
    """
    with open_hdus(Path(path)) as hdus, reading(Path(path)):
        return [
            Extension(hdu.name, tuple(hdu.shape), fits.BITPIX2DTYPE[hdu.header["BITPIX"]], hdu.ver)
            if is_image(hdu)
            else Extension(hdu.name, (), "table" if isinstance(hdu, fits.BinTableHDU | fits.TableHDU) else "no image")
            for hdu in hdus
        ]


def find_extension(path: Path, hdus: fits.HDUList, key: str | int | None, role: str) -> Any:
    """The part of a file that was asked for.

    Parameters
    ----------
    path : Path
        The file, for messages.
    hdus : HDUList
    key : str, int or None
        Name, ``name,version`` or number; None is the first part with an image.
    role : str
        Setting of a study's images by which it was asked for.

    Raises
    ------
    FormatError
        If there is no such part, or it holds no image.
    """
    if key is None:
        for hdu in hdus:
            if is_image(hdu):
                return hdu
        raise FormatError(f"{path}: no extension holds an image; the file has {_names(hdus)}")
    name, _, version = str(key).partition(",")
    number = key if isinstance(key, int) else (name.strip(), int(version)) if version.strip().isdecimal() else key
    try:
        hdu = hdus[number]
    except (KeyError, IndexError):
        what = f"called {key!r}" if isinstance(key, str) else f"of number {key}"
        raise ExtensionError(f"{path}: no extension {what}; the file has {_names(hdus)}", role) from None
    if not is_image(hdu):
        raise ExtensionError(f"{path}: extension {key!r} holds no image; the file has {_names(hdus)}", role)
    return hdu


@contextmanager
def open_extension(path: str | Path, role: str, content: str) -> Iterator[tuple[Path, fits.HDUList, Any]]:
    """Open a file, all its parts, and the one that ``FILE[EXT]`` names, otherwise the first with an image.

    Parameters
    ----------
    path : path
        FITS, or ``FILE[EXT]``.
    role : str
        As :func:`find_extension` takes it.
    content : str
        What the part is to hold or do, for the message: ``holds the PSF``.

    Raises
    ------
    FormatError
        If the file cannot be read, or there is no such part.
    """
    file, key = file_and_extension(path)
    with open_hdus(file) as hdus:
        try:
            hdu = find_extension(file, hdus, key, role)
        except ExtensionError as error:
            raise FormatError(f"{error.found}; name the one that {content}") from None
        yield file, hdus, hdu


def find_companion(path: Path, hdus: fits.HDUList, key: str | int | None, role: str, science: Any) -> Any:
    """The noise map or mask that was asked for, or None where none was.

    A name without a version means that of the science extension's version, where there is one: ``DQ,2`` flags
    ``SCI,2``.

    Raises
    ------
    FormatError
        As :func:`find_extension`.
    """
    if key is None:
        return None
    beside = f"{key},{science.ver}"
    alike = isinstance(key, str) and "," not in key and (key, science.ver) in hdus
    return find_extension(path, hdus, beside if alike else key, role)


def is_image(hdu: Any) -> bool:
    """Whether a part of a file holds pixels."""
    return isinstance(hdu, fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU) and 0 not in (hdu.shape or (0,))


def _names(hdus: fits.HDUList) -> str:
    names = [hdu.name or f"number {number}" for number, hdu in enumerate(hdus)]
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"{names[0]} only"
