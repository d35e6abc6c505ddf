"""Images out of FITS files, with mask, noise and unit: as a whole, or opened to be read by windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits

from pipeline.config import Images
from pipeline.formats.bands import Planes, assembled, sources
from pipeline.formats.checks import Paths, filled, listed, refuse_without_trust
from pipeline.formats.fits.extensions import file_and_extension, find_companion, find_extension
from pipeline.formats.fits.file import open_hdus, reading
from pipeline.formats.fits.header import without_plane_axis
from pipeline.formats.fits.inherited import inherited_header
from pipeline.formats.fits.planes import (
    companion_planes,
    flagged,
    planes_named,
    read_plane,
    refuse_negative,
    shape_of,
    sigma_of,
)
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
        Several are one band each, in the order of ``settings.bands``; or in any order, where BAND1 or FILTER of each
        is one of these, and all of them are there. ``FILE[EXT]`` names the science extension of one, in place of
        ``settings.science``.
    settings : Images, optional
        Extensions, kind of noise map, mask bits, names of bands; unit and pixel scale for files that give none.
    id, group : str, optional
        By default the name of the first file, and the id.

    Returns
    -------
    Image
        ``unit`` from BUNIT, else from the configuration, else ``unknown``; bands from ``images.bands``, else BAND1,
        BAND2, ..., else FILTER; pixel scale from a celestial WCS. The header is the science extension's, of the first
        band, with what only the primary header says (:func:`~pipeline.formats.fits.inherited.inherited_header`).

    Raises
    ------
    FormatError
        If a file is missing, cut short or no FITS file, lacks an extension, has no 2 or 3 axes, noise below 0 or
        nothing to trust, or if files disagree in shape, unit or place on the sky.
    """
    settings = settings or Images()
    with _open_planes(paths, settings) as files:
        found = _assembled(files, settings, id)
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
        image = _assembled(files, settings, id)
        refuse_without_trust(sources(files), image)
        yield image


def _assembled(files: Sequence[Planes], settings: Images, id: str | None) -> WindowedImage:
    image = assembled(files, settings, id)
    as_they_lie = len(files) == 1 and image.planes[: len(image.bands)] in ((), image.bands)
    # The third axis of the first file says nothing of the planes of another, nor of planes that changed places.
    return image if as_they_lie else replace(image, header=without_plane_axis(image.header or ""))


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
    header = inherited_header(hdus, science)
    with reading(path):
        shape = shape_of(path, science)
        names = planes_named(header, shape[0])
        name, unit = (str(header.get(keyword, "")).strip() for keyword in ("FILTER", "BUNIT"))
        # Which of their planes go with each of the image's.
        flags_of = companion_planes(path, flags, shape, names) if flags is not None else []
        noise_of = companion_planes(path, noise, shape, names) if noise is not None else []

    def read(number: int, window: Window) -> Plane:
        with reading(path):
            bad, sigma = np.zeros((window.height, window.width), bool), None
            if flags is not None:
                bad |= flagged(read_plane(flags, flags_of[number], window), settings.mask_bits)
            if noise is not None:
                found = read_plane(noise, noise_of[number], window)
                refuse_negative(path, found, settings.noise)
                assert settings.kind_of_noise is not None
                values, without = sigma_of(found, settings.kind_of_noise)
                bad |= without
                sigma, _ = filled(values, bad)
            return Plane(*filled(read_plane(science, number, window), bad), sigma)

    bands = names or ((name,) if name and shape[0] == 1 else ())
    return Planes(
        path, shape, read, bands, bool(names),
        unit=unit or None,
        pixel_scale=pixel_scale_of(header, hdus),
        header=header.tostring(sep="\n", endcard=False, padding=False),
    )  # fmt: skip
