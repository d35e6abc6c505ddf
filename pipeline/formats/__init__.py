"""Files of instruments and cameras, to and from images, header kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Images
from pipeline.formats.bands import BandsError
from pipeline.formats.checks import FormatError, Paths, listed
from pipeline.formats.fits import file_and_extension, open_fits, read_fits, read_psf, refuse_unwritable_fits, write_fits
from pipeline.formats.fits.write import NO_PLANES, ReadPlane
from pipeline.formats.raster import open_raster, read_raster, refuse_unwritable_raster, write_raster
from pipeline.image import Image, Pixels
from pipeline.windowed import WindowedImage

__all__ = [
    "FITS_SUFFIXES",
    "RASTER_SUFFIXES",
    "BandsError",
    "FormatError",
    "is_fits",
    "open_image",
    "read_image",
    "read_psf",
    "refuse_unwritable",
    "write_image",
]

FITS_SUFFIXES = (".fits", ".fit", ".fts", ".fz", ".fits.gz", ".fit.gz", ".fts.gz")
RASTER_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def read_image(paths: Paths, settings: Images | None = None, id: str | None = None, group: str | None = None) -> Image:
    """Read an image from one file, or from one file per band, in the format that the names say.

    Parameters
    ----------
    paths : path or sequence of paths
        Several are one band each, in the order of ``settings.bands``, all of one format; of FITS, ``FILE[EXT]`` names
        an extension.
    settings : Images, optional
        How the files are read; see :func:`pipeline.formats.fits.read_fits` and
        :func:`pipeline.formats.raster.read_raster`.
    id, group : str, optional
        By default the name of the first file, and the id.

    Returns
    -------
    Image
        Shape (C, H, W) of any size, finite, masked where it is not to be trusted. The background is still in it.

    Raises
    ------
    FormatError
        If a name has no suffix that is known, the bands come in several formats, or a file cannot be read.
    """
    files = listed(paths)
    read = read_fits if _are_fits(files) else read_raster
    return read(files, settings, id, group)


@contextmanager
def open_image(paths: Paths, settings: Images | None = None, id: str | None = None) -> Iterator[WindowedImage]:
    """Open an image to be read by windows, as :func:`read_image` would read it.

    FITS files of any size take little memory; pictures are read as a whole.

    Raises
    ------
    FormatError
        As :func:`read_image`; damage that shows only where a window is read, then.
    """
    files = listed(paths)
    if _are_fits(files):
        with open_fits(files, settings, id) as image:
            yield image
    else:
        yield open_raster(files, settings, id)


def write_image(
    path: str | Path,
    image: Image | WindowedImage,
    uncertainty: Pixels | None = None,
    mask: bool = True,
    history: Sequence[str] = (),
    planes: Mapping[str, ReadPlane] = NO_PLANES,
) -> None:
    """Write an image in the format that the name says.

    Parameters
    ----------
    path : path
        FITS keeps everything; TIFF, and PNG for display units, keep the values, the bands and the history alone.
    image : Image or WindowedImage
        FITS is written strip by strip; for a picture, the image must fit into memory.
    uncertainty : array, shape (C, H, W), float32, optional
        Standard deviation in the unit of the image; FITS only.
    mask : bool
        Whether FITS gets an extension MASK.
    history : sequence of str
        What was done to the image, a line each.
    planes : mapping
        What else there is of each pixel, by the name of an extension of FITS; see
        :func:`~pipeline.formats.fits.write.write_fits`.

    Raises
    ------
    FormatError
        If the name has no suffix that is known, or the format cannot hold the image.
    """
    if is_fits(Path(path)):
        write_fits(path, image, uncertainty, mask, history, planes)
    elif uncertainty is not None or planes:
        raise FormatError(f"{path}: a picture holds no uncertainty; name it .fits")
    else:
        write_raster(path, image if isinstance(image, Image) else image.part(image.area), history)


def refuse_unwritable(path: str | Path, image: Image | WindowedImage) -> None:
    """Refuse a name that :func:`write_image` would refuse, before the work is done.

    Raises
    ------
    FormatError
        If the name has no suffix that is known, or the format cannot hold the image.
    """
    if is_fits(Path(path)):
        refuse_unwritable_fits(path)
    else:
        refuse_unwritable_raster(path, image)


def _are_fits(files: list[Path]) -> bool:
    formats = [is_fits(file_and_extension(path)[0]) for path in files]
    if len(set(formats)) > 1:
        other = files[formats.index(not formats[0])]
        raise FormatError(f"{other}: of another format than {files[0]}; the bands of an image must share one")
    return formats[0]


def is_fits(path: Path) -> bool:
    """Whether a name is that of a FITS file, and not that of a picture.

    Raises
    ------
    FormatError
        If the name has no suffix that is known.
    """
    name = path.name.lower()
    if name.endswith(FITS_SUFFIXES):
        return True
    if name.endswith(RASTER_SUFFIXES):
        return False
    known = " ".join(suffix for suffix in (*FITS_SUFFIXES, *RASTER_SUFFIXES))
    raise FormatError(f"{path}: no image format that is known; the name must end in one of {known}")
