"""A slice of a drawn head as computed tomography would have it without noise."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from pipeline.datasets.head_phantom.anatomy import Floats, Head, Lesion
from pipeline.image import Pixels
from pipeline.physics.hounsfield import AIR_HU
from pipeline.physics.noise import addressed_random

FAT, SKIN, BONE, MARROW, FLUID, WHITE, GREY = -90.0, 45.0, 1250.0, 450.0, 8.0, 27.0, 38.0
"""Hounsfield units (Kalender 2011, Computed Tomography, table 1.1, within what is found)."""
FINER = 3
"""Points across a pixel, whose mean it is: tissues that share a pixel share its value."""

RESOLUTION = 0.85
"""Standard deviation in px of the blur of a scanner's detector and kernel: pixels can hold what is no finer."""


def hounsfield_units(head: Head, height: float, size: int, pixel: float, address: tuple[object, ...]) -> Pixels:
    """A slice, shape (size, size), in HU.

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
    finest = gaussian_filter(_tissues(head, height, x, y, pixel, address), RESOLUTION * FINER, mode="nearest")
    return finest.reshape(size, FINER, size, FINER).mean((1, 3)).astype(np.float32)


def _tissues(head: Head, height: float, x: Floats, y: Floats, pixel: float, address: tuple[object, ...]) -> Floats:
    soft, brain, bone = head.texture
    coarse, fine = (_field(len(x), length * FINER / pixel, *address, name) for name, length in _LENGTHS.items())
    values = np.full_like(x, AIR_HU)
    skin, within = head.skin, head.scalp + head.bone
    values[skin.inside(x, y)] = SKIN
    scalp = skin.inside(x, y, 2)
    values[scalp] = (FAT + soft * fine)[scalp]
    skull = skin.inside(x, y, head.scalp)
    values[skull] = (BONE + bone * fine)[skull]
    # Between two plates of dense bone lies marrow.
    marrow = skin.inside(x, y, head.scalp + 0.3 * head.bone) & ~skin.inside(x, y, head.scalp + 0.7 * head.bone)
    values[marrow] = (MARROW + 2 * bone * fine)[marrow]
    inner = skin.inside(x, y, within)
    values[inner] = FLUID
    folded = 1.5 + 1.5 * fine.clip(-1, 2)
    matter = skin.inside(x + folded, y + folded, within + 1.5) & inner
    values[matter] = GREY + brain * coarse[matter]
    white = matter & skin.inside(x + 2 * coarse, y - 2 * coarse, within + 1.5 + head.cortex) & (fine < 1.1)
    values[white] = WHITE + brain * coarse[white]
    for nucleus in head.nuclei if 0.2 < height < 0.7 else ():
        values[nucleus.inside(x, y) & inner] = GREY
    for ventricle in head.ventricles if height < 0.8 else ():
        values[ventricle.inside(x, y, 3 * height) & inner] = FLUID
    for lesion in head.lesions:
        values[_seen(lesion, height, x, y) & matter] += lesion.contrast
    if height < 0.3:
        _draw_orbits(values, head, x, y)
    return values


_LENGTHS = {"coarse": 9.0, "fine": 2.5}
"""How far apart in mm the texture differs."""


def _seen(lesion: Lesion, height: float, x: Floats, y: Floats) -> np.ndarray:
    """Where a slice cuts a lesion, which is an ellipsoid."""
    away = (height - lesion.height) / lesion.extent
    if abs(away) >= 1:
        return np.zeros(x.shape, bool)
    radius = lesion.outline.a
    return lesion.outline.inside(x, y, radius * (1 - math.sqrt(1 - away**2)))


def _draw_orbits(values: Floats, head: Head, x: Floats, y: Floats) -> None:
    """Air in the sinus of the forehead, and fat and eyeballs beside the nose."""
    front = head.skin.y - head.skin.b
    sinus = ((x - head.skin.x) / 14) ** 2 + ((y - front - 14) / 6) ** 2 < 1
    values[sinus & (values > FAT)] = AIR_HU
    for side in (-1, 1):
        right, down = x - head.skin.x - side * 32, y - front - 27
        orbit = right**2 + down**2 < 17**2
        values[orbit & (values > AIR_HU)] = FAT
        values[right**2 + down**2 < 12**2] = 15.0


def _field(size: int, length: float, *address: object) -> Floats:
    """Smooth random values of mean 0 and variance 1, that differ over ``length`` points."""
    # Drawn coarsely, since nothing is finer.
    step = max(int(length / 3), 1)
    drawn = addressed_random("texture", *address).standard_normal((size // step + 2,) * 2)
    smooth = zoom(gaussian_filter(drawn, length / step / 2, mode="wrap"), step, order=1)[:size, :size]
    return (smooth - smooth.mean()) / smooth.std()
