"""The light that lies over a whole image and belongs to no source: measured, taken off, and given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import sep

from pipeline.image import Image, Mask, Pixels
from pipeline.measures.sky import sky_level_and_sigma


def take_off_background(image: Image, kind: Literal["none", "constant", "mesh"], box: int = 64) -> Image:
    """Measure the background of each band, take it off the pixels and keep it in ``image.background``.

    Parameters
    ----------
    image : Image
        Shape (C, H, W), any linear unit.
    kind : {"none", "constant", "mesh"}
        ``none`` leaves the image as it is; ``constant`` is the level of the sky after sources have been clipped away;
        ``mesh`` is SExtractor's mesh (Bertin and Arnouts 1996, A&AS 117, 393): a clipped level per box, smoothed over
        3 x 3 boxes and joined by splines.
    box : int
        Width of a box of the mesh in px. It must be several times as wide as the largest source, whose light it takes
        for sky otherwise.
    """
    if kind == "none":
        return image
    background = np.empty_like(image.pixels)
    for plane, mask, level in zip(image.pixels, image.mask, background):
        level[:] = sky_level_and_sigma(plane[~mask])[0] if kind == "constant" else _mesh(plane, mask, box)
    taken = background if image.background is None else image.background + background
    return replace(image, pixels=image.pixels - background, background=taken)


def give_back_background(image: Image) -> Image:
    """Add again what :func:`take_off_background` took off; an image without a background is left as it is."""
    if image.background is None:
        return image
    return replace(image, pixels=image.pixels + image.background, background=None)


def _mesh(plane: Pixels, mask: Mask, box: int) -> Pixels:
    # sep works in float32 throughout: about the sky and in units of its noise, no unit and no pedestal can upset it.
    level, sigma = sky_level_and_sigma(plane[~mask])
    scale = sigma if sigma > 0 else 1.0
    relative = np.ascontiguousarray((plane - level) / scale, dtype=np.float32)
    width, height = min(box, plane.shape[1]), min(box, plane.shape[0])
    mesh = sep.Background(relative, mask=np.ascontiguousarray(mask), bw=width, bh=height, fw=3, fh=3)
    return (mesh.back(dtype=np.float32) * scale + level).astype(np.float32)
