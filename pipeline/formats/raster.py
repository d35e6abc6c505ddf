"""PNG, JPEG and TIFF: pictures as they come from cameras and microscopes, of 8 or 16 bits or floating point."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
import PIL.ImageOps
import tifffile
from numpy.typing import NDArray

from pipeline.config import Images
from pipeline.formats.bands import Planes, assembled, sources
from pipeline.formats.checks import FormatError, Paths, filled, listed, refuse_without_trust
from pipeline.formats.png16 import decode_png16, encode_png16, is_png16
from pipeline.image import DISPLAY, Image, Mask
from pipeline.store import written_aside
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage

log = logging.getLogger("clearfield")

_COLOURS = ("red", "green", "blue")
_FULL_RANGE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    SyntaxError,
    zlib.error,
    PIL.Image.DecompressionBombError,
)
"""What Pillow and tifffile raise on files that are not what they say."""


def read_raster(paths: Paths, settings: Images | None = None, id: str | None = None, group: str | None = None) -> Image:
    """Read an image from one picture, or from one grey picture per band.

    Integers of 8 and 16 bits are divided by 255 and 65535 and get the unit ``display``, unless the configuration gives
    another unit: then they are counts, and stay as they are. Floating point stays as it is. Where a picture is fully
    transparent (alpha 0), it is masked; other alpha is not looked at.

    Parameters
    ----------
    paths : path or sequence of paths
        Grey, RGB, or a TIFF of several planes or pages; several paths are one band each.
    settings : Images, optional
        Names of the bands (by default ``red``, ``green``, ``blue``, or ``grey``), unit and pixel scale.
    id, group : str, optional
        By default the name of the first file, and the id.

    Raises
    ------
    FormatError
        If a file is missing, cut short, no such picture, or of a kind that cannot be read without loss; if integers
        that are neither of 8 nor of 16 bits come without a unit; if files disagree in shape.
    """
    image = open_raster(paths, settings, id)
    return image.part(image.area, image.id if group is None else group)


def open_raster(paths: Paths, settings: Images | None = None, id: str | None = None) -> WindowedImage:
    """Open an image to be read by windows, which is held in memory; all else is that of :func:`read_raster`."""
    settings = settings or Images()
    files = [_read_planes(path, settings) for path in listed(paths)]
    image = assembled(files, settings, id)
    refuse_without_trust(sources(files), image)
    return image


def refuse_unwritable_raster(path: str | Path, image: Image | WindowedImage) -> None:
    """Refuse a picture that cannot hold an image; see :func:`write_raster`.

    Raises
    ------
    FormatError
        If the format keeps too little, or has no place for the unit or the bands.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in (".jpg", ".jpeg"):
        raise FormatError(f"{path}: JPEG keeps 8 bits and loses detail; name it .tif, .fits, or .png for display units")
    if suffix == ".png" and image.unit != DISPLAY:
        raise FormatError(f"{path}: PNG holds no values in {image.unit}, only display units; name it .tif or .fits")
    if suffix == ".png" and len(image.bands) not in (1, 3):
        raise FormatError(f"{path}: PNG holds 1 or 3 bands, not {len(image.bands)}; name it .tif or .fits")


def write_raster(path: str | Path, image: Image, history: Sequence[str] = ()) -> None:
    """Write an image as a picture. Mask, noise and header have no place in one: write FITS to keep them.

    TIFF holds the values as float32, with the names of the bands and the unit in its description, where
    :func:`read_raster` finds them. PNG does the same, but takes images of the unit ``display`` alone, as 16 bits:
    values from 0 to 1 are kept to 1/131070, those outside become 0 or 1, which a warning and the history say. JPEG is
    not written.

    Parameters
    ----------
    path : path
        ``.tif``, ``.tiff`` or ``.png``.
    image : Image
    history : sequence of str
        What was done to the image; kept in the description.

    Raises
    ------
    FormatError
        If the format cannot hold the image.
    """
    path = Path(path)
    refuse_unwritable_raster(path, image)
    png = path.suffix.lower() == ".png"
    clipped = _clipped_by_png(image) if png else ""
    lines = [*history, clipped] if clipped else list(history)
    description = json.dumps({"clearfield": {"bands": image.bands, "unit": image.unit, "history": lines}})
    with written_aside(path) as aside:
        if png:
            values = np.rint(np.clip(np.moveaxis(image.pixels, 0, -1), 0, 1) * 65535).astype(np.uint16)
            aside.write_bytes(encode_png16(values, [("Software", "Clearfield"), ("Description", description)]))
        else:
            _write_tiff(aside, image, description)
    if clipped:
        log.warning("%s: %s; TIFF and FITS keep them", path, clipped)


def _clipped_by_png(image: Image) -> str:
    """How many values a PNG cannot hold, in words; empty where it holds them all."""
    half = 0.5 / 65535  # what rounding changes anyway
    below, above = int((image.pixels < -half).sum()), int((image.pixels > 1 + half).sum())
    found = ((below, "below 0 became 0"), (above, "above 1 became 1"))
    return " and ".join(f"{count} {'value' if count == 1 else 'values'} {how}" for count, how in found if count)


def _write_tiff(path: Path, image: Image, description: str) -> None:
    colour = image.bands == _COLOURS
    pixels = np.moveaxis(image.pixels, 0, -1) if colour else image.pixels
    with tifffile.TiffWriter(path, bigtiff=pixels.nbytes > 2**31) as file:
        file.write(
            np.ascontiguousarray(pixels, np.float32), photometric="rgb" if colour else "minisblack",
            description=description, software="Clearfield", metadata=None,
        )  # fmt: skip


def _read_planes(path: Path, settings: Images) -> Planes:
    try:
        picture = _tiff(path) if path.suffix.lower() in (".tif", ".tiff") else _picture(path)
    except FormatError:
        raise
    except FileNotFoundError:
        raise FormatError(f"{path}: no such file") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200].replace(str(path), "the file") or type(error).__name__
        raise FormatError(f"{path}: cannot be read as a picture ({reason})") from None
    values, unit = _in_units(path, picture.planes, picture.about.get("unit") or settings.unit)
    pixels, mask = (np.stack(arrays) for arrays in zip(*(filled(plane, picture.transparent) for plane in values)))
    bands = tuple(picture.about.get("bands", ())) or {1: ("grey",), 3: _COLOURS}.get(len(values), ())

    def read(plane: int, window: Window) -> Plane:
        part = (plane, *window.slices)
        return Plane(pixels[part], mask[part])

    return Planes(path, pixels.shape, read, bands, named="bands" in picture.about, unit=unit)


def _in_units(path: Path, planes: NDArray[Any], unit: str | None) -> tuple[NDArray[Any], str]:
    if planes.dtype == bool:
        planes = planes.astype(np.uint8) * np.uint8(255)
    if planes.dtype.kind == "c":
        raise FormatError(f"{path}: complex numbers; real ones are needed, such as their modulus")
    if planes.dtype.kind == "f" or unit not in (None, DISPLAY):
        return planes, unit or DISPLAY
    full = _FULL_RANGE.get(planes.dtype.newbyteorder("="))
    if full is None:
        raise FormatError(
            f"{path}: integers of type {planes.dtype} have no agreed white; set images.unit, such as counts"
        )
    return planes / np.float32(full), DISPLAY


class _Picture(NamedTuple):
    """Values as stored, shape (C, H, W), where they are fully transparent, and what we wrote of the image ourselves."""

    planes: NDArray[Any]
    transparent: Mask
    about: dict[str, Any]


def _split(values: NDArray[Any], alpha: bool, about: dict[str, Any] | None = None) -> _Picture:
    # Values of shape (H, W, channels), alpha last if there is one.
    planes = np.moveaxis(values[..., :-1] if alpha else values, -1, 0)
    transparent = values[..., -1] == 0 if alpha else np.zeros(planes.shape[1:], bool)
    return _Picture(planes, transparent, about or {})


def _picture(path: Path) -> _Picture:
    # By Pillow, but for 16 bits, which Pillow cuts to 8 where there is colour or alpha.
    with path.open("rb") as start:
        deep = is_png16(start.read(26))
    if deep:
        values, text = decode_png16(path.read_bytes())
        return _split(values, values.shape[-1] in (2, 4), _ours(text.get("Description", "")))
    with PIL.Image.open(path) as file:
        # As programs show it: a camera that was held upright says so in a tag alone.
        picture: PIL.Image.Image = PIL.ImageOps.exif_transpose(file)
        if picture.mode in ("P", "PA") or "transparency" in picture.info:
            grey = picture.mode == "L"
            clear = "transparency" in picture.info or picture.mode == "PA"
            picture = picture.convert("LA" if grey else "RGBA" if clear else "RGB")
        elif picture.mode == "1":
            picture = picture.convert("L")
        if picture.mode not in ("L", "LA", "RGB", "RGBA"):
            raise FormatError(f"{path}: colours are stored as {picture.mode}; grey or RGB is needed, save it so")
        return _split(np.atleast_3d(np.asarray(picture)), picture.mode.endswith("A"))


def _tiff(path: Path) -> _Picture:
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        page: Any = file.pages.first
        if page.photometric.name in ("PALETTE", "SEPARATED", "MINISWHITE"):
            raise FormatError(
                f"{path}: colours are stored as {page.photometric.name.lower()}; "
                "RGB or grey with black at 0 is needed, save it so"
            )
        turned = page.tags.get("Orientation")
        if turned is not None and turned.value != 1:
            raise FormatError(f"{path}: is shown turned or mirrored (Orientation {turned.value}); save it upright")
        alpha = bool(page.extrasamples) and page.extrasamples[-1] in (1, 2)
        about = _ours(page.description)
        try:
            return _split(_channels_last(path, series.asarray(), series.axes), alpha, about)
        except (KeyError, ValueError, ImportError) as error:
            # tifffile knows few compressions by itself; Pillow knows more.
            if isinstance(error, FormatError) or not ("imagecodecs" in str(error) or isinstance(error, ImportError)):
                raise
        return _split(_tiff_by_pillow(path, page, len(file.pages)), alpha, about)


def _tiff_by_pillow(path: Path, page: Any, pages: int) -> NDArray[Any]:
    # Shape (H, W, channels). Pillow cuts colour to 8 bits and reads one page, so only what it leaves whole is taken.
    whole = pages == 1 and (page.samplesperpixel == 1 or page.bitspersample == 8)
    if whole:
        with PIL.Image.open(path) as picture:
            values = np.atleast_3d(np.asarray(picture))
        whole = values.dtype == page.dtype and values.shape == (page.imagelength, page.imagewidth, page.samplesperpixel)
    if not whole:
        kind = f"{page.dtype} compressed by {page.compression.name}"
        raise FormatError(
            f"{path}: a TIFF of {kind} cannot be read here; save it uncompressed, or compressed by deflate"
        )
    return values


def _channels_last(path: Path, values: NDArray[Any], axes: str) -> NDArray[Any]:
    # Axes of length 1 are dropped; what is left beside height and width (colours, channels, pages) becomes the bands.
    kept = [place for place, axis in enumerate(axes) if axis in "YX" or values.shape[place] > 1]
    values = values.reshape([values.shape[place] for place in kept])
    axes = "".join(axes[place] for place in kept)
    if len(axes) not in (2, 3) or not {"Y", "X"} <= set(axes):
        shape = " x ".join(map(str, values.shape))
        raise FormatError(f"{path}: {len(axes)} axes ({shape}); height, width and at most one of bands are needed")
    if len(axes) == 2:
        return values[..., None]
    return np.moveaxis(values, next(place for place, axis in enumerate(axes) if axis not in "YX"), -1)


def _ours(description: str) -> dict[str, Any]:
    try:
        about = json.loads(description)["clearfield"]
        return {"bands": [str(band) for band in about["bands"]], "unit": str(about["unit"])}
    except (ValueError, KeyError, TypeError):
        return {}
