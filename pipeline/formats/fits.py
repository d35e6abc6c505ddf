"""FITS, the files of astronomy: images in with mask, noise and unit; results out with the input's header."""

from __future__ import annotations

import errno
import gzip
import re
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyError
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from numpy.typing import NDArray

from pipeline.config import Images
from pipeline.formats.bands import Planes, assembled, sources
from pipeline.formats.checks import (
    ExtensionError,
    FormatError,
    Paths,
    filled,
    listed,
    refuse_other_shape,
    refuse_without_trust,
)
from pipeline.image import UNKNOWN, Image, Mask, Pixels
from pipeline.store import written_aside
from pipeline.tiling import Window, whole
from pipeline.windowed import Plane, WindowedImage, strips

_BLOCK = 2880
"""FITS files are padded to multiples of this many bytes."""

_GZIP = b"\x1f\x8b"
"""How a file begins that is compressed as a whole."""

_DAMAGE = (OSError, EOFError, TypeError, ValueError, KeyError, IndexError, zlib.error, VerifyError)
"""What astropy raises on files that are not what they say."""

_LAYOUT = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|INHERIT|BSCALE|BZERO|BLANK|DATAMIN|DATAMAX|CHECKSUM|DATASUM|END"
    r"|Z(IMAGE|TENSION|SIMPLE|EXTEND|BLOCKED|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TILE\d+|CMPTYPE|NAME\d+|VAL\d+|MASKCMP|QUANTIZ|DITHER0"
    r"|SCALE|ZERO|BLANK|HECKSUM|DATASUM)"
    r"|T(FIELDS|HEAP|(TYPE|FORM|NULL|SCAL|ZERO|DIM|DISP)\d+)|BAND\d+"
)
"""Keywords that say how the input was stored, which a file of float32 is not."""

_LOOKUP = re.compile(r"(CPDIS|CQDIS|CPERR|CQERR|D2IMDIS|D2IMERR)\d.*|D2IMEXT|(DP|DQ|D2IM)\d+(\..*)?")
"""Keywords of distortions that are tabulated in other extensions."""


def read_fits(paths: Paths, settings: Images | None = None, id: str | None = None, group: str | None = None) -> Image:
    """Read an image from one FITS file, or from one file per band.

    Plain and tile-compressed extensions, scaled integers and every byte order are taken. A cube is read as bands first,
    and axes of length 1 before them are dropped. A pixel that is blank, NaN, infinite, flagged, or without noise or
    weight above 0 is masked, and holds the median of the trusted pixels around it
    (:func:`pipeline.formats.checks.filled`).

    Parameters
    ----------
    paths : path or sequence of paths
        Several are one band each, in the order of ``settings.bands``.
    settings : Images, optional
        Extensions, kind of noise map, mask bits, names of bands; unit and pixel scale for files that give none.
    id, group : str, optional
        By default the name of the first file, and the id.

    Returns
    -------
    Image
        ``unit`` from BUNIT, else from the configuration, else ``unknown``; bands from ``images.bands``, else BAND1,
        BAND2, ..., else FILTER; pixel scale from a celestial WCS. The header is the science extension's, of the first
        band.

    Raises
    ------
    FormatError
        If a file is missing, cut short or no FITS file, lacks an extension, has no 2 or 3 axes or nothing to trust, or
        if files disagree in shape, unit or place on the sky.
    """
    settings = settings or Images()
    with _open_planes(paths, settings) as files:
        found = assembled(files, settings, id)
        image = found.part(found.area, found.id if group is None else group)
        refuse_without_trust(sources(files), WindowedImage.of(image))
    return image


@contextmanager
def open_fits(paths: Paths, settings: Images | None = None, id: str | None = None) -> Iterator[WindowedImage]:
    """Open an image of any size, to be read by windows; parameters, image and refusals are those of :func:`read_fits`.

    Memory does not grow with the image. A file compressed as a whole (``.gz``) is unpacked to the system's folder for
    temporary files first.
    """
    settings = settings or Images()
    with _open_planes(paths, settings) as files:
        image = assembled(files, settings, id)
        refuse_without_trust(sources(files), image)
        yield image


def read_psf(path: str | Path) -> tuple[NDArray[np.float64], float | None]:
    """Read a point-spread function.

    Parameters
    ----------
    path : path
        FITS; the first extension with an image is taken.

    Returns
    -------
    stamp : array, shape (H, W), or (C, H, W) with one stamp per band
        As stored; the sum is not touched.
    pixel_scale : float or None
        Width of a pixel in arcsec, from a celestial WCS or the keyword PIXELSCL or PIXSCALE.

    Raises
    ------
    FormatError
        If the file cannot be read, or a value is not finite.
    """
    path = Path(path)
    with _opened(path) as hdus:
        hdu = _extension(path, hdus, None, "science")
        count, height, width = _shape(path, hdu)
        with _reading(path):
            planes = [_plane(hdu, number, whole(height, width)) for number in range(count)]
        stamp = np.stack(planes).astype(np.float64)
        scale = _pixel_scale(hdu.header, hdus)
        given = [hdu.header.get(keyword) for keyword in ("PIXELSCL", "PIXSCALE")]
    if not np.isfinite(stamp).all():
        raise FormatError(f"{path}: the PSF holds NaN or infinite values; replace them, or cut the stamp smaller")
    if scale is None:
        scale = next((float(value) for value in given if isinstance(value, int | float) and value > 0), None)
    return (stamp[0] if len(stamp) == 1 else stamp), scale


class Extension(NamedTuple):
    """One part of a FITS file."""

    name: str
    shape: tuple[int, ...]
    """As NumPy has it, (H, W) or (C, H, W); empty where the part holds no image."""
    kind: str
    """Type of the stored numbers, such as ``float32``, or ``table``."""


def list_extensions(path: str | Path) -> list[Extension]:
    """The parts of a FITS file, in order, from their headers alone.

    Raises
    ------
    FormatError
        If the file is missing, cut short or no FITS file.
    """
    with _opened(Path(path)) as hdus, _reading(Path(path)):
        return [
            Extension(hdu.name, tuple(hdu.shape), fits.BITPIX2DTYPE[hdu.header["BITPIX"]])
            if _is_image(hdu)
            else Extension(hdu.name, (), "table" if isinstance(hdu, fits.BinTableHDU | fits.TableHDU) else "no image")
            for hdu in hdus
        ]


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

    Raises
    ------
    FormatError
        If the name asks for a compressed file (``.fz``), or the uncertainty has another shape than the image.
    """
    path = Path(path)
    refuse_unwritable_fits(path)
    source = WindowedImage.of(image) if isinstance(image, Image) else image
    header = _header_of(source, history)
    hdus = fits.HDUList([fits.PrimaryHDU(_without_values(source.shape, np.float32), header)])
    contents: list[_Content] = [lambda band, window: source.read(band, window).pixels.astype(">f4")]
    if uncertainty is not None:
        if uncertainty.shape != source.shape:
            raise FormatError(
                f"{path}: an uncertainty of shape {uncertainty.shape} for an image of shape {source.shape}"
            )
        hdus.append(fits.ImageHDU(_without_values(source.shape, np.float32), _companion(header), name="SIGMA"))
        contents.append(lambda band, window: uncertainty[(band, *window.slices)].astype(">f4"))
    if mask:
        hdus.append(fits.ImageHDU(_without_values(source.shape, np.uint8), _companion(header), name="MASK"))
        hdus["MASK"].header.remove("BUNIT", ignore_missing=True)
        contents.append(lambda band, window: source.read(band, window).mask.astype(np.uint8))
    with written_aside(path) as aside, aside.open("wb") as plain, ExitStack() as packed:
        file = packed.enter_context(gzip.GzipFile("", "wb", fileobj=plain, mtime=0)) if path.suffix == ".gz" else plain
        for text, content in zip(_headers(hdus), contents):
            file.write(text)
            _write_values(file, source, content)


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
    file.write(bytes(-size % _BLOCK))


@contextmanager
def _open_planes(paths: Paths, settings: Images) -> Iterator[list[Planes]]:
    with ExitStack() as opened:
        files = [_planes(path, opened.enter_context(_opened(path)), settings) for path in listed(paths)]
        _refuse_other_sky(files)
        yield files


def _planes(path: Path, hdus: fits.HDUList, settings: Images) -> Planes:
    science = _extension(path, hdus, settings.science, "science")
    noise = _extension(path, hdus, settings.noise, "noise") if settings.noise is not None else None
    flags = _extension(path, hdus, settings.mask, "mask") if settings.mask is not None else None
    with _reading(path):
        shape = _shape(path, science)
        for companion in (flags, noise):
            if companion is not None:
                _refuse_other_grid(path, companion, shape)

    def read(number: int, window: Window) -> Plane:
        with _reading(path):
            bad, sigma = np.zeros((window.height, window.width), bool), None
            if flags is not None:
                bad |= _flagged(_companion_plane(flags, number, window), settings.mask_bits)
            if noise is not None:
                values, without = _sigma(_companion_plane(noise, number, window), settings.noise_kind)
                bad |= without
                sigma, _ = filled(values, bad)
            return Plane(*filled(_plane(science, number, window), bad), sigma)

    header = science.header
    bands, named = _band_names(header, shape[0])
    return Planes(
        path, shape, read, bands, named,
        unit=str(header.get("BUNIT", "")).strip() or None,
        pixel_scale=_pixel_scale(header, hdus),
        header=header.tostring(sep="\n", endcard=False, padding=False),
    )  # fmt: skip


@contextmanager
def _opened(path: Path) -> Iterator[fits.HDUList]:
    # Scaling is left to us: astropy takes BLANK for a value in unsigned integers. Mapped from disk, what was read would
    # count as memory until the file is closed.
    with ExitStack() as opened:
        with _reading(path), warnings.catch_warnings(record=True) as said:
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


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say in a line what is wrong with a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FormatError:
        raise
    except FileNotFoundError:
        raise FormatError(f"{path}: no such file") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise FormatError(
            f"{path}: cannot be read as FITS ({reason}); it may be cut short or damaged: fetch it again"
        ) from None


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
    if isinstance(last, fits.CompImageHDU) or needed - there >= _BLOCK or ends > there:
        raise FormatError(f"{path}: cut short: {there} of {needed} bytes are there; fetch the file again")


def _extension(path: Path, hdus: fits.HDUList, key: str | int | None, role: str) -> Any:
    if key is None:
        for hdu in hdus:
            if _is_image(hdu):
                return hdu
        raise FormatError(f"{path}: no extension holds an image; the file has {_names(hdus)}")
    name, _, version = str(key).partition(",")
    number = key if isinstance(key, int) else (name.strip(), int(version)) if version.strip().isdecimal() else key
    try:
        hdu = hdus[number]
    except (KeyError, IndexError):
        what = f"called {key!r}" if isinstance(key, str) else f"of number {key}"
        raise ExtensionError(f"{path}: no extension {what}; the file has {_names(hdus)}", role) from None
    if not _is_image(hdu):
        raise ExtensionError(f"{path}: extension {key!r} holds no image; the file has {_names(hdus)}", role)
    return hdu


def _is_image(hdu: Any) -> bool:
    return isinstance(hdu, fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU) and 0 not in (hdu.shape or (0,))


def _names(hdus: fits.HDUList) -> str:
    names = [hdu.name or f"number {number}" for number, hdu in enumerate(hdus)]
    if len(names) > 12:
        names = [*names[:10], f"{len(names) - 10} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"{names[0]} only"


def _shape(path: Path, hdu: Any) -> tuple[int, int, int]:
    shape = tuple(hdu.shape)
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 2:
        shape = (1, *shape)
    if len(shape) != 3:
        axes = " x ".join(map(str, shape))
        raise FormatError(
            f"{path}: {hdu.name or 'the image'} has {len(shape)} axes ({axes}); 2 are needed, or 3 with the bands first"
        )
    return shape


def _plane(hdu: Any, number: int, window: Window) -> NDArray[Any]:
    # A window of one plane in physical units, shape (H, W), NaN where blank; only its part of the file is read.
    leading = (0,) * (len(hdu.shape) - 3) + (number,) if len(hdu.shape) > 2 else ()
    stored = np.asarray(hdu.section[(*leading, *window.slices)])
    header = hdu.header
    scale, zero, blank = header.get("BSCALE", 1), header.get("BZERO", 0), header.get("BLANK")
    if stored.dtype.kind == "f" and (scale, zero) == (1, 0):
        return stored
    values = stored.astype(np.float64) * scale + zero
    if stored.dtype.kind in "iu" and blank is not None:
        values[stored == blank] = np.nan
    return values


def _refuse_other_grid(path: Path, hdu: Any, shape: tuple[int, int, int]) -> None:
    count, *size = _shape(path, hdu)
    refuse_other_shape(f"{path}, extension {hdu.name}", tuple(size), "the science image", shape)
    if count not in (1, shape[0]):
        raise FormatError(
            f"{path}: extension {hdu.name} has {count} planes for {shape[0]} bands; 1 or {shape[0]} are needed"
        )


def _companion_plane(hdu: Any, number: int, window: Window) -> NDArray[Any]:
    # A part of a noise map or mask; a map with one plane holds for every band.
    one = len(hdu.shape) < 3 or hdu.shape[-3] == 1
    return _plane(hdu, 0 if one else number, window)


def _flagged(flags: NDArray[Any], bits: int | None) -> Mask:
    unknown = ~np.isfinite(flags)
    values = np.where(unknown, 0, flags).astype(np.int64)
    return unknown | ((values & bits if bits is not None else values) != 0)


def _sigma(noise: NDArray[Any], kind: str) -> tuple[NDArray[np.float64], Mask]:
    values = noise.astype(np.float64)
    without = ~(np.isfinite(values) & (values > 0))
    values[without] = 1
    if kind == "sigma":
        return values, without
    return np.sqrt(values) if kind == "variance" else 1 / np.sqrt(values), without


def _band_names(header: fits.Header, count: int) -> tuple[tuple[str, ...], bool]:
    names = tuple(str(header.get(f"BAND{n + 1}", "")).strip() for n in range(count))
    if all(names) and len(set(names)) == count:
        return names, True
    name = str(header.get("FILTER", "")).strip()
    return ((name,) if name and count == 1 else ()), False


def _pixel_scale(header: fits.Header, hdus: fits.HDUList | None = None) -> float | None:
    wcs = _celestial(header, hdus)
    if wcs is None:
        return None
    return float(np.sqrt(np.prod(proj_plane_pixel_scales(wcs))) * 3600)


def _celestial(header: fits.Header, hdus: fits.HDUList | None = None) -> WCS | None:
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


def _refuse_other_sky(files: Sequence[Planes]) -> None:
    # Bands that are not registered would be restored jointly without a word. One pixel is more than any rounding.
    if len(files) < 2:
        return
    skies = [_celestial(fits.Header.fromstring(file.header or "", sep="\n")) for file in files]
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


def _header_of(image: WindowedImage, history: Sequence[str]) -> fits.Header:
    given = fits.Header.fromstring(image.header or "", sep="\n")
    kept = [card for card in given.cards if not _LAYOUT.fullmatch(card.keyword) and not _LOOKUP.fullmatch(card.keyword)]
    header = fits.Header(kept)
    if header.get("EXTNAME") == "COMPRESSED_IMAGE":
        del header["EXTNAME"]
    if len(image.bands) > 1:
        _add_band_axis(header)
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


def _add_band_axis(header: fits.Header) -> None:
    # With a CD matrix, what is not given counts as 0, so that a third axis without an entry would be a singular WCS.
    if "CTYPE1" not in header or "CTYPE3" in header:
        return
    if "WCSAXES" in header:
        header["WCSAXES"] = max(3, header["WCSAXES"])
    for keyword, value in (("CTYPE3", "BAND"), ("CRPIX3", 1.0), ("CRVAL3", 1.0), ("CDELT3", 1.0)):
        header[keyword] = value
    if any(re.fullmatch(r"CD\d+_\d+", keyword) for keyword in header):
        header["CD3_3"] = 1.0


def _companion(header: fits.Header) -> fits.Header:
    # Noise and mask lie on the grid of the image, and have neither its name nor its history.
    companion = header.copy()
    for keyword in ("EXTNAME", "EXTVER", "HISTORY", "COMMENT"):
        companion.remove(keyword, ignore_missing=True, remove_all=True)
    return companion


def _without_values(shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    # For astropy, which makes a header of the shape and type of an array; this one takes no memory.
    return np.broadcast_to(kind(0), shape[1:] if shape[0] == 1 else shape)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
