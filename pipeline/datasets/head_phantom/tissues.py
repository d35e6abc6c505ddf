"""Which tissue lies where in a slice of a drawn head: what every rendering of it has in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from pipeline.datasets.head_phantom.anatomy import Floats, Head, Lesion, Outline
from pipeline.image import Pixels
from pipeline.physics.noise import addressed_random

FINER = 3
"""Points across a pixel, whose mean it is: tissues that share a pixel share its value."""
RESOLUTION = 0.85
"""Standard deviation in px of the blur of a scanner: pixels can hold what is no finer."""
_LENGTHS = {"coarse": 9.0, "fine": 2.5}
"""How far apart in mm the texture differs."""
_THIN = -270.0
"""Texture of bone, in HU, at which marrow is as thin as fat."""

Points = NDArray[np.bool_]


class Tissue(IntEnum):
    """What a point of a head is of."""

    AIR = 0
    SKIN = 1
    FAT = 2
    BONE = 3
    MARROW = 4
    FLUID = 5
    GREY = 6
    WHITE = 7
    NUCLEUS = 8
    ORBIT = 9
    """The fat about the eyeballs."""
    EYE = 10


@dataclass(frozen=True, eq=False)
class Section:
    """A slice of a head, on a grid of ``FINER`` points across a pixel.

    Parameters
    ----------
    tissue : array, shape (N, N), uint8
        A :class:`Tissue` for each point.
    lesions : tuple of (Lesion, array of shape (N, N), bool)
        Those that the slice cuts, and where.
    coarse, fine : array, shape (N, N)
        Texture of mean 0 and variance 1.
    """

    tissue: NDArray[np.uint8]
    lesions: tuple[tuple[Lesion, Points], ...]
    coarse: Floats
    fine: Floats

    @property
    def brain(self) -> Points:
        """Where grey and white matter lie, those of a lesion among them."""
        return np.isin(self.tissue, (Tissue.GREY, Tissue.WHITE, Tissue.NUCLEUS))

    @property
    def ill(self) -> Points:
        """Where any lesion lies."""
        ill = np.zeros(self.tissue.shape, bool)
        for _, where in self.lesions:
            ill |= where
        return ill

    def values(self, palette: dict[Tissue, Any]) -> Floats:
        """A value for each point by its tissue: a number, or an array of the section's shape."""
        values = np.empty(self.tissue.shape)
        for tissue, value in palette.items():
            here = self.tissue == tissue
            values[here] = value[here] if isinstance(value, np.ndarray) else value
        return values


def section(head: Head, height: float, size: int, pixel: float, address: tuple[object, ...]) -> Section:
    """Cut a head.

    Parameters
    ----------
    head : Head
    height : float
        From 0 at the orbits to 1 at the crown, towards which the head narrows.
    size : int
        Height and width in px.
    pixel : float
        Width of a pixel in mm.
    address : tuple
        What the texture of the slice follows from.
    """
    line = (np.arange(FINER * size) - (FINER * size - 1) / 2) * pixel / FINER
    # A head that is narrower by so much is the same head seen on a wider grid.
    narrowing = math.sqrt(1 - 0.5 * height**2)
    x, y = np.meshgrid(line / narrowing, line / narrowing)
    coarse, fine = (_field(len(x), length * FINER / pixel, *address, name) for name, length in _LENGTHS.items())
    tissue = np.full(x.shape, Tissue.AIR, np.uint8)
    skin, within = head.skin, head.scalp + head.bone
    tissue[skin.inside(x, y)] = Tissue.SKIN
    tissue[skin.inside(x, y, 2)] = Tissue.FAT
    tissue[skin.inside(x, y, head.scalp)] = Tissue.BONE
    # Between two plates of dense bone lies marrow.
    between = skin.inside(x, y, head.scalp + 0.3 * head.bone) & ~skin.inside(x, y, head.scalp + 0.7 * head.bone)
    tissue[between] = Tissue.MARROW
    inner = skin.inside(x, y, within)
    tissue[inner] = Tissue.FLUID
    folded = 1.5 + 1.5 * fine.clip(-1, 2)
    matter = skin.inside(x + folded, y + folded, within + 1.5) & inner
    tissue[matter] = Tissue.GREY
    white = matter & skin.inside(x + 2 * coarse, y - 2 * coarse, within + 1.5 + head.cortex) & (fine < 1.1)
    tissue[white] = Tissue.WHITE
    for nucleus in head.nuclei if 0.2 < height < 0.7 else ():
        tissue[nucleus.inside(x, y) & inner] = Tissue.NUCLEUS
    for ventricle in head.ventricles if height < 0.8 else ():
        tissue[ventricle.inside(x, y, 3 * height) & inner] = Tissue.FLUID
    seen = [(lesion, where) for lesion in head.lesions if (where := _cut(lesion, height, x, y) & matter).any()]
    if height < 0.3:
        _draw_orbits(tissue, head, x, y, fine)
        # What is drawn over a lesion hides it.
        bare = ~np.isin(tissue, (Tissue.AIR, Tissue.ORBIT, Tissue.EYE))
        seen = [(lesion, where & bare) for lesion, where in seen]
    return Section(tissue, tuple(seen), coarse, fine)


def seen_by_scanner(values: Floats) -> Pixels:
    """Pixels of a scanner, shape (H, W), from values on a section's grid: blurred, and the mean of their points."""
    finest = gaussian_filter(values, RESOLUTION * FINER, mode="nearest")
    return _means(finest).astype(np.float32)


def mostly(where: Points) -> Points:
    """Pixels, shape (H, W), of which at least half the points are among those of a section."""
    return _means(where.astype(float)) >= 0.5


def _means(values: Floats) -> Floats:
    size = len(values) // FINER
    return values.reshape(size, FINER, size, FINER).mean((1, 3))


def _cut(lesion: Lesion, height: float, x: Floats, y: Floats) -> Points:
    """Where a slice cuts a lesion, which is an ellipsoid."""
    away = (height - lesion.height) / lesion.extent
    if abs(away) >= 1:
        return np.zeros(x.shape, bool)
    outline: Outline = lesion.outline
    return outline.inside(x, y, outline.a * (1 - math.sqrt(1 - away**2)))


def _draw_orbits(tissue: NDArray[np.uint8], head: Head, x: Floats, y: Floats, fine: Floats) -> None:
    """Air in the sinus of the forehead, and fat and eyeballs beside the nose."""
    front = head.skin.y - head.skin.b
    sinus = ((x - head.skin.x) / 14) ** 2 + ((y - front - 14) / 6) ** 2 < 1
    # Fat, and marrow that is as thin, stays.
    thin = ((tissue == Tissue.FAT) & (fine <= 0)) | ((tissue == Tissue.MARROW) & (head.texture[2] * fine <= _THIN))
    tissue[sinus & (tissue != Tissue.AIR) & ~thin] = Tissue.AIR
    for side in (-1, 1):
        right, down = x - head.skin.x - side * 32, y - front - 27
        distance = right**2 + down**2
        tissue[(distance < 17**2) & (tissue != Tissue.AIR)] = Tissue.ORBIT
        tissue[distance < 12**2] = Tissue.EYE


def _field(size: int, length: float, *address: object) -> Floats:
    """Smooth random values of mean 0 and variance 1, that differ over ``length`` points."""
    # Drawn coarsely, since nothing is finer.
    step = max(int(length / 3), 1)
    drawn = addressed_random("texture", *address).standard_normal((size // step + 2,) * 2)
    smooth = zoom(gaussian_filter(drawn, length / step / 2, mode="wrap"), step, order=1)[:size, :size]
    return (smooth - smooth.mean()) / smooth.std()
