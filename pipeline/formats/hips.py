"""HiPS (Fernique et al. 2017, IVOA recommendation 1.0): an image as tiles of the whole sky, for Aladin and the like."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from astropy.wcs.utils import pixel_to_pixel, proj_plane_pixel_scales
from numpy.typing import NDArray

from pipeline.formats.extras import of_extra
from pipeline.progress import progress
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

TILE = 512
"""Width in px of a tile."""
COARSER = 1.05
"""The finest tiles have pixels at most so much wider than the image's, where they would else be half as wide."""
STEP, MARGIN = 8, 48
"""Px between the places of a tile that are looked up in the image, and what is read about them: a tile's pixels are at
most some twice as long in the image as they are wide, where the sphere is most distorted."""


def write_hips(
    image: WindowedImage, band: int, wcs: WCS, properties: dict[str, str], cards: Mapping[str, Any], folder: Path
) -> None:
    """Write a band of an image that may be larger than memory.

    Tiles are FITS, in equatorial coordinates and the unit of the image, by bilinear interpolation; coarser ones are
    means. For each tile, the part of the image that lies under it is read, and no other.

    Parameters
    ----------
    image : WindowedImage
    band : int
    wcs : WCS
        Of two axes on the sky.
    properties : dict
        What the file ``properties`` says beside what it must.
    cards : mapping
        What the header of every tile says beside where it lies.
    folder : path
        It is made.

    Raises
    ------
    MissingExtraError
        If reproject is not installed.
    """
    with of_extra("view", "HiPS"):
        from reproject import reproject_interp
        from reproject.hips import reproject_to_hips

    def interpolated(given: tuple[Any, WCS], header: fits.Header) -> tuple[NDArray[Any], NDArray[Any]]:
        wcs = given[1]
        window = _under(header, wcs, image.area)
        if window is None:
            return np.full((TILE, TILE), np.nan), np.zeros((TILE, TILE))
        return reproject_interp((image.read(band, window).pixels, wcs[window.slices]), header)

    # Of what is given as the image, nothing but its shape is looked at.
    shape = np.broadcast_to(np.float32(0), image.shape[-2:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        reproject_to_hips(
            (shape, wcs),
            coord_system_out="equatorial",
            level=finest_order(wcs),
            reproject_function=interpolated,
            output_directory=str(folder),
            tile_size=TILE,
            progress_bar=lambda tiles: progress(tiles, f"hips {image.bands[band]}", unit="tile"),
            properties=properties,
        )
    # It would load a viewer from the network.
    (folder / "index.html").unlink()
    for tile in folder.rglob("*.fits"):
        with fits.open(tile, "update") as hdus:
            hdus[0].header.update(cards)


def finest_order(wcs: WCS) -> int:
    """The smallest order of tiles whose pixels are no wider than those of an image, or hardly so."""
    degrees = float(np.min(proj_plane_pixel_scales(wcs)))
    # Of order 0, whose twelve tiles cover the sphere.
    widest = math.degrees(math.sqrt(4 * math.pi / 12)) / TILE
    return max(math.ceil(math.log2(widest / degrees / COARSER)), 0)


def _under(header: fits.Header, wcs: WCS, area: Window) -> Window | None:
    """The part of an image that lies under a tile, with a margin; None where there is none."""
    places = np.append(np.arange(0, TILE, STEP), TILE - 1)
    x, y = pixel_to_pixel(WCS(header), wcs, *np.meshgrid(places, places))
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return None
    (left, right), (top, bottom) = ((math.floor(v[known].min()), math.ceil(v[known].max())) for v in (x, y))
    window = Window(top, left, bottom - top + 1, right - left + 1).grown(MARGIN).clipped(area)
    return window if window.height and window.width else None
