"""The real sky that synthetic fields are compared with: what no generator saw, and what they learned from."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.splits import Item, Role
from pipeline.store import ImageReader
from pipeline.tiling import Window
from pipeline.training.regions import SceneError, regions
from pipeline.windowed import Plane, WindowedImage, strips

FOLD = 0
"""Generators learn from the training role of this fold, and are compared with its test role."""
HELD_OUT: Role = "test"
TRAINING: Role = "train"


class Pieces(NamedTuple):
    """Rectangles of images, and where each begins in its image, in px."""

    fields: list[WindowedImage]
    origins: list[tuple[int, int]]


def real_sky(images: ImageReader, splits: list[Item], role: Role) -> Pieces:
    """The pieces of sky of a role in fold 0, those that touch joined, and none that is masked all over.

    Raises
    ------
    SceneError
        If there are none, or all are masked.
    """
    found = regions(splits, FOLD, role, 0)
    every = ((_piece(images, region.image, region.window), region.window) for region in found)
    known = [(piece, window) for piece, window in every if _has_sky(piece)]
    if not known:
        raise SceneError(f"every pixel of the role {role} of fold {FOLD} is masked; there is no sky to compare with")
    return Pieces([piece for piece, _ in known], [(window.y0, window.x0) for _, window in known])


def _has_sky(piece: WindowedImage) -> bool:
    """Whether some pixel is masked in no band, by which the sky of all of them can be measured."""
    return any(not piece.part(window).mask.any(0).all() for window in strips(piece.area))


def _piece(images: ImageReader, id: str, place: Window) -> WindowedImage:
    corner = images.image(id, Window(place.y0, place.x0, 1, 1))

    def read(band: int, window: Window) -> Plane:
        inside = Window(window.y0 + place.y0, window.x0 + place.x0, window.height, window.width)
        return Plane(images.pixels(id, inside)[band], images.mask(id, inside)[band])

    shape = (len(corner.bands), place.height, place.width)
    return WindowedImage(id, shape, corner.unit, corner.bands, read, corner.pixel_scale)
