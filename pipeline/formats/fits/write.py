"""Images into FITS files, strip by strip, with noise and mask as extensions."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from pipeline.formats.checks import FormatError
from pipeline.formats.fits.file import BLOCK
from pipeline.formats.fits.header import companion_of, header_of
from pipeline.image import Image, Pixels
from pipeline.store import written_aside
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage, strips

ReadPlane = Callable[[int, Window], Pixels]
"""Values of a band, counted from 0, in a window: shape (h, w)."""
NO_PLANES: Mapping[str, ReadPlane] = MappingProxyType({})


def refuse_unwritable_fits(path: str | Path) -> None:
    """Refuse a name for which :func:`write_fits` writes nothing.

    Raises
    ------
    FormatError
        If the name asks for a compressed file (``.fz``).
    """
    path = Path(path)
    if path.suffix == ".fz":
        raise FormatError(f"{path}: tile-compressed files are read, not written; name it {path.stem} or {path.stem}.gz")


def write_fits(
    path: str | Path,
    image: Image | WindowedImage,
    uncertainty: Pixels | None = None,
    mask: bool = True,
    history: Sequence[str] = (),
    planes: Mapping[str, ReadPlane] = NO_PLANES,
) -> None:
    """Write an image as FITS, under the header that it came with, strip by strip.

    Pixels are float32, one band as two axes, several as a cube (bands last in FITS order). WCS, BUNIT and all else that
    the header said of the sky and the instrument stay; what it said of the input's storage (scaling, compression,
    checksums) goes. A background that was taken off is not added here.

    Parameters
    ----------
    path : path
        ``.fits``, ``.fit``, ``.fts``, or any of them with ``.gz``.
    image : Image or WindowedImage
    uncertainty : array, shape (C, H, W), float32, optional
        Standard deviation in the unit of the image; becomes the extension SIGMA.
    mask : bool
        Whether the mask becomes the extension MASK (uint8, 1 where a pixel is not to be trusted).
    history : sequence of str
        Becomes HISTORY lines.
    planes : mapping
        What else there is of each pixel in the unit of the image, by the name of an extension: ``read(band, window)``
        gives its values, shape (h, w).

    Raises
    ------
    FormatError
        If the name asks for a compressed file (``.fz``), or the uncertainty has another shape than the image.
    """
    path = Path(path)
    refuse_unwritable_fits(path)
    source = WindowedImage.of(image) if isinstance(image, Image) else image
    header = header_of(source, history)
    hdus = fits.HDUList([fits.PrimaryHDU(_without_values(source.shape, np.float32), header)])
    contents: list[_Content] = [lambda band, window: source.read(band, window).pixels.astype(">f4")]
    if uncertainty is not None:
        if uncertainty.shape != source.shape:
            raise FormatError(
                f"{path}: an uncertainty of shape {uncertainty.shape} for an image of shape {source.shape}"
            )
        hdus.append(fits.ImageHDU(_without_values(source.shape, np.float32), companion_of(header), name="SIGMA"))
        contents.append(lambda band, window: uncertainty[(band, *window.slices)].astype(">f4"))
    for name, read in planes.items():
        hdus.append(fits.ImageHDU(_without_values(source.shape, np.float32), companion_of(header), name=name))
        contents.append(partial(_as_stored, read))
    if mask:
        hdus.append(fits.ImageHDU(_without_values(source.shape, np.uint8), companion_of(header), name="MASK"))
        hdus["MASK"].header.remove("BUNIT", ignore_missing=True)
        contents.append(lambda band, window: source.read(band, window).mask.astype(np.uint8))
    with written_aside(path) as aside, aside.open("wb") as plain, ExitStack() as packed:
        file = packed.enter_context(gzip.GzipFile("", "wb", fileobj=plain, mtime=0)) if path.suffix == ".gz" else plain
        for text, content in zip(_headers(hdus), contents):
            file.write(text)
            _write_values(file, source, content)


def _as_stored(read: ReadPlane, band: int, window: Window) -> NDArray[Any]:
    return read(band, window).astype(">f4")


_Content = Callable[[int, Window], NDArray[Any]]
"""What an extension holds of a band and a window, in the byte order of FITS."""


def _headers(hdus: fits.HDUList) -> list[bytes]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fits.verify.VerifyWarning)
        hdus.verify("fix+ignore")
        hdus.update_extend()
        return [hdu.header.tostring().encode("ascii") for hdu in hdus]


def _write_values(file: BinaryIO | gzip.GzipFile, image: WindowedImage, content: _Content) -> None:
    size = 0
    for band in range(len(image.bands)):
        for window in strips(image.area):
            size += file.write(content(band, window).tobytes())
    file.write(bytes(-size % BLOCK))


def _without_values(shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    # For astropy, which makes a header of the shape and type of an array; this one takes no memory.
    return np.broadcast_to(kind(0), shape[1:] if shape[0] == 1 else shape)
