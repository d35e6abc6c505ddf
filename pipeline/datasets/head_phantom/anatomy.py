"""The anatomy of a head, drawn by lot: outlines of tissues, one inside another, and lesions in the brain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.physics.noise import addressed_random

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """An ellipse with a wavy border; lengths in mm, right and down from the middle of the slice.

    Parameters
    ----------
    x, y : float
        Its middle.
    a, b : float
        Half axes to the right and down.
    tilt : float
        Radians.
    waves : tuple of (float, float)
        Share of the radius, and phase, of waves of 2, 3, 4, ... periods around it.
    """

    x: float
    y: float
    a: float
    b: float
    tilt: float = 0.0
    waves: tuple[tuple[float, float], ...] = ()

    def inside(self, x: Floats, y: Floats, smaller: float = 0.0) -> NDArray[np.bool_]:
        """Whether points lie within, if it were ``smaller`` mm less all around."""
        c, s = math.cos(self.tilt), math.sin(self.tilt)
        right, down = x - self.x, y - self.y
        u = (c * right + s * down) / max(self.a - smaller, 1e-9)
        v = (c * down - s * right) / max(self.b - smaller, 1e-9)
        radius = np.ones_like(u)
        if self.waves:
            angle = np.arctan2(v, u)
            for order, (share, phase) in enumerate(self.waves, 2):
                radius += share * np.cos(order * angle + phase)
        return u**2 + v**2 < radius**2


@dataclass(frozen=True)
class Lesion:
    """Something in the brain that should not be there.

    Parameters
    ----------
    outline : Outline
    contrast : float
        In HU over what is around it.
    height : float
        Level of the slice through its middle, from 0 at the orbits to 1 at the crown.
    extent : float
        Half of its height, in the same unit.
    """

    outline: Outline
    contrast: float
    height: float
    extent: float


@dataclass(frozen=True)
class Head:
    """The outlines of a head in its widest slice; see :func:`head`."""

    skin: Outline
    scalp: float
    """Thickness in mm."""
    bone: float
    """Thickness of the skull in mm."""
    cortex: float
    """Thickness of the grey matter in mm."""
    ventricles: tuple[Outline, Outline]
    nuclei: tuple[Outline, Outline]
    lesions: tuple[Lesion, ...]
    texture: tuple[float, float, float]
    """Standard deviations in HU within soft tissue, brain and bone."""


def head(seed: int, number: int) -> Head:
    """The head of a number; the seed and the number give all of it.

    Sizes are those of adults: 135 to 155 mm across, 170 to 195 mm from front to back; ventricles grow with a drawn age.
    """
    random = addressed_random(seed, "head", number)
    draw = random.uniform
    skin = Outline(draw(-6, 6), draw(-6, 6), draw(68, 78), draw(86, 98), draw(-0.12, 0.12), _waves(random, 4, 0.012))
    age = draw(0.4, 1.0)
    ventricles = tuple(
        Outline(skin.x + side * draw(9, 13), skin.y + draw(-8, 4), age * draw(7, 10), age * draw(26, 34),
                side * draw(0.05, 0.3), _waves(random, 3, 0.08))
        for side in (-1, 1)
    )  # fmt: skip
    nuclei = tuple(
        Outline(skin.x + side * draw(23, 28), skin.y + draw(-6, 6), draw(8, 11), draw(14, 19), side * draw(0.1, 0.3))
        for side in (-1, 1)
    )
    lesions = tuple(_lesion(random, skin) for _ in range(int(random.poisson(2.5))))
    texture = draw(4, 9), draw(1.0, 2.5), draw(40, 90)
    thick = draw(4, 7), draw(5, 9), draw(3.0, 4.5)
    return Head(skin, *thick, (ventricles[0], ventricles[1]), (nuclei[0], nuclei[1]), lesions, texture)


def _lesion(random: np.random.Generator, skin: Outline) -> Lesion:
    # Within the brain: well inside the skull, and small beside it.
    distance, angle, radius = 0.6 * math.sqrt(random.random()), random.uniform(0, 2 * math.pi), random.uniform(2, 9)
    place = skin.x + distance * skin.a * math.cos(angle), skin.y + distance * skin.b * math.sin(angle)
    outline = Outline(*place, radius, radius * random.uniform(0.7, 1.3), random.uniform(0, math.pi),
                      _waves(random, 4, 0.08))  # fmt: skip
    # Oedema and old strokes are darker than the brain, blood and tumours brighter, lime much brighter.
    contrast = float(random.choice([-12, -8, 10, 20, 30, 100], p=[0.15, 0.15, 0.2, 0.25, 0.15, 0.1]))
    return Lesion(outline, contrast, random.uniform(0.1, 0.9), random.uniform(0.1, 0.4))


def _waves(random: np.random.Generator, count: int, share: float) -> tuple[tuple[float, float], ...]:
    return tuple((random.normal(0, share / (k + 1)), random.uniform(0, 2 * math.pi)) for k in range(count))
