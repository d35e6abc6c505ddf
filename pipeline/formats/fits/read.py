"""Images out of FITS files, with mask, noise and unit: as a whole, or opened to be read by windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits

from pipeline.config import Images
from pipeline.formats.bands import Planes, assembled, sources
from pipeline.formats.checks import Paths, filled, listed, refuse_without_trust
from pipeline.formats.fits.extensions import file_and_extension, find_companion, find_extension
from pipeline.formats.fits.file import open_hdus, reading
from pipeline.formats.fits.planes import flagged, read_companion, read_plane, refuse_other_grid, shape_of, sigma_of
from pipeline.formats.fits.sky import pixel_scale_of, refuse_other_sky
from pipeline.image import Image
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage


def read_fits(paths: Paths, settings: Images | None = None, id: str | None = None, group: str | None = None) -> Image:
    """Read an image from one FITS file, or from one file per band.

    Plain and tile-compressed extensions, scaled integers and every byte order are taken. A cube is read as bands first,
    and axes of length 1 before them are dropped. A pixel that is blank, NaN, infinite, flagged, or without noise or
    weight above 0 is masked, and holds the median of the trusted pixels around it
    (:func:`pipeline.formats.checks.filled`).

    Parameters
    ----------
    paths : path or sequence of paths
        Several are one band each, in the order of ``settings.bands``. ``FILE[EXT]`` names the science extension of one,
        in place of ``settings.science``.
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


@contextmanager
def _open_planes(paths: Paths, settings: Images) -> Iterator[list[Planes]]:
    with ExitStack() as opened:
        files = []
        for path, extension in map(file_and_extension, listed(paths)):
            own = settings if extension is None else settings.model_copy(update={"science": extension})
            files.append(_planes(path, opened.enter_context(open_hdus(path)), own))
        refuse_other_sky(files)
        yield files


def _planes(path: Path, hdus: fits.HDUList, settings: Images) -> Planes:
    science = find_extension(path, hdus, settings.science, "science")
    noise = find_companion(path, hdus, settings.noise, "noise", science)
    flags = find_companion(path, hdus, settings.mask, "mask", science)
    with reading(path):
        shape = shape_of(path, science)
        for companion in (flags, noise):
            if companion is not None:
                refuse_other_grid(path, companion, shape)

    def read(number: int, window: Window) -> Plane:
        with reading(path):
            bad, sigma = np.zeros((window.height, window.width), bool), None
            if flags is not None:
                bad |= flagged(read_companion(flags, number, window), settings.mask_bits)
            if noise is not None:
                values, without = sigma_of(read_companion(noise, number, window), settings.noise_kind)
                bad |= without
                sigma, _ = filled(values, bad)
            return Plane(*filled(read_plane(science, number, window), bad), sigma)

    header = science.header
    bands, named = _band_names(header, shape[0])
    return Planes(
        path, shape, read, bands, named,
        unit=str(header.get("BUNIT", "")).strip() or None,
        pixel_scale=pixel_scale_of(header, hdus),
        header=header.tostring(sep="\n", endcard=False, padding=False),
    )  # fmt: skip


def _band_names(header: fits.Header, count: int) -> tuple[tuple[str, ...], bool]:
    names = tuple(str(header.get(f"BAND{n + 1}", "")).strip() for n in range(count))
    if all(names) and len(set(names)) == count:
        return names, True
    name = str(header.get("FILTER", "")).strip()
    return ((name,) if name and count == 1 else ()), False
