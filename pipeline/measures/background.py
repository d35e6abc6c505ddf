"""The light that lies over a whole image and belongs to no source: measured, and taken off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from pipeline.image import Image, Pixels
from pipeline.measures.background_mesh import measure_mesh
from pipeline.measures.sky import SkyError, sky_of_parts
from pipeline.physics.hounsfield import AIR_HU
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage, strips

Kind = Literal["none", "constant", "mesh", "air"]
Background = Callable[[int, Window], Pixels]
"""``background(band, window)`` gives the level in a window, shape (H, W), in the unit of the image."""


def measure_background(image: WindowedImage, kind: Kind, box: int = 64) -> Background | None:
    """Measure the background of each band, once for the whole image.

    The image is read in strips, several times, so memory does not grow with it.

    Parameters
    ----------
    image : WindowedImage
        Shape (C, H, W), any linear unit.
    kind : {"none", "constant", "mesh", "air"}
        ``none`` gives None; ``constant`` is the level of the sky after sources have been clipped away; ``mesh`` is
        SExtractor's mesh (:func:`pipeline.measures.background_mesh.measure_mesh`); ``air`` is the -1000 HU of air.
    box : int
        Width of a box of the mesh in px. It must be several times as wide as the largest source, whose light it takes
        for sky otherwise.
    """
    return None if kind == "none" else _measured(image, kind, box)


def take_off_background(image: Image, kind: Kind, box: int = 64, parts: Sequence[Window] = ()) -> Image:
    """Measure the background of an image in memory, take it off the pixels and keep it in ``image.background``.

    Parameters
    ----------
    image, kind, box
        As those of :func:`measure_background`; ``none`` leaves the image as it is.
    parts : sequence of Window
        What the image consists of, each measured on its own pixels alone; by default the whole is one.

    Raises
    ------
    SkyError
        If no pixel of a part can be trusted.
    """
    if kind == "none":
        return image
    source = WindowedImage.of(image)
    background = np.empty_like(image.pixels)
    for part in parts or [source.area]:
        try:
            measured = _measured(source.cut(part), kind, box)
        except SkyError as error:
            raise SkyError(f"{part.in_words}: {error}") from None
        for band, level in enumerate(background):
            for window in strips(part):
                level[window.slices] = measured(band, window.relative_to(part))
    taken = background if image.background is None else image.background + background
    return replace(image, pixels=image.pixels - background, background=taken)


def _measured(image: WindowedImage, kind: Literal["constant", "mesh", "air"], box: int) -> Background:
    if kind == "air":
        return lambda _band, window: _filled_with(np.float32(AIR_HU), window)
    of_band = [
        _constant(image, band) if kind == "constant" else measure_mesh(image, band, box)
        for band in range(len(image.bands))
    ]
    return lambda band, window: of_band[band](window)


def _constant(image: WindowedImage, band: int) -> Callable[[Window], Pixels]:
    level, _ = sky_of_parts(lambda: (plane.pixels[~plane.mask] for plane in image.strips(band)))
    return partial(_filled_with, np.float32(level))


def _filled_with(level: np.float32, window: Window) -> Pixels:
    return np.full((window.height, window.width), level)
