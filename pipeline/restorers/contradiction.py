"""What of the data an estimate does not explain, and how far they may be off before they contradict it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve, maximum_filter, uniform_filter

from pipeline.measures.residual import residual
from pipeline.measures.sky import sky_of_parts
from pipeline.physics.operator import Operator
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage

CONTRADICTED = 5.0
"""Sigmas beyond which a datum contradicts an estimate: by chance, one in two million would."""
SURROUNDINGS = 3
"""Pixels around a contradicted datum that count as around it, and around a light that its wings reach."""
LIT = 5.0
"""Sigmas above the sky from which on noise is looked for that grows with the light."""
ROUGH = 4.0
"""Residuals are noise where their 3 x 3 means vary by no more than this, in units of what they would by if all were as
independent as their differences are. What the PSF has smoothed, as a mistaken estimate leaves it, has 50 or more."""
MEDIAN = 0.455
"""Of the square of noise of variance 1."""
FEWEST, MOST = 50, 1_000_000
"""Data that are needed to measure that noise to a fifth, and that are enough."""

_SIDE = (1, 2 * SURROUNDINGS + 1, 2 * SURROUNDINGS + 1)
_DIFFERENCES = np.outer([1, -2, 1], [1, -2, 1])[None] / 6
"""White noise keeps its variance, and what a PSF has smoothed is lost (Immerkaer 1996, CVIU 64, 300)."""
_REACH = 1 + SURROUNDINGS


class Left(NamedTuple):
    """What of the data an estimate does not explain: arrays of shape (C, H, W)."""

    values: NDArray[np.float64]
    """In the unit of the image."""
    scale: NDArray[np.float64]
    """By how much a datum may be off."""
    trusted: NDArray[np.bool_]

    @property
    def ratio(self) -> NDArray[np.float64]:
        """In units of the scale; 0 where a datum is not trusted."""
        return np.divide(self.values, self.scale, out=np.zeros_like(self.values), where=self.trusted)

    @property
    def contradicts(self) -> NDArray[np.bool_]:
        """Data that contradict the estimate."""
        return np.abs(self.ratio) > CONTRADICTED


class Doubt(NamedTuple):
    """By how much data may be off besides the noise that is said."""

    known_to: float
    """Share of the light for want of a better PSF."""
    sky: NDArray[np.float64]
    """Level above which light counts, shape (C, 1, 1), in the unit of the image."""
    growth: NDArray[np.float64]
    """Variance of the noise per unit of light, shape (C, 1, 1), beyond what is said."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """An estimate beside the data.

    Parameters
    ----------
    estimate, seen : WindowedImage
        In one unit; the data with their noise.
    operator : Operator
        The instrument that saw them.
    doubt : Doubt, optional
        None where instrument and noise are known.
    """

    estimate: WindowedImage
    seen: WindowedImage
    operator: Operator
    doubt: Doubt | None = None

    def left(self, core: Window) -> Left:
        """What is not explained in a window inside the image."""
        found = residual(self.estimate, self.seen, self.operator, core)
        if self.doubt is None:
            return Left(found.values, found.sigma, found.trusted)
        wide = core.grown(SURROUNDINGS).clipped(self.seen.area)
        light = _light(self.seen, wide, self.doubt.sky)
        # The wings of a mistaken PSF are off by more than a share of themselves: by one of the peak beside them.
        near = self.doubt.known_to * maximum_filter(light, _SIDE)
        variance = near**2 + self.doubt.growth * uniform_filter(light, (1, 3, 3))
        return Left(
            found.values, np.sqrt(found.sigma**2 + variance[(..., *core.relative_to(wide).slices)]), found.trusted
        )


def doubt_about(
    estimate: WindowedImage, seen: WindowedImage, operator: Operator, known: Window, known_to: float, tile: int
) -> Doubt:
    """Measure by how much data may be off, once for the whole image.

    Noise that is said as one level, or measured on the sky, leaves out what the photons of the sources add: a variance
    in proportion to their light. It is read off the residuals of lit data, in each band: half of these are below 0.67
    sigma once what is smooth has been taken from them. Left out is where residuals are smooth: there the estimate is
    mistaken, and what it lacks is no noise.

    Parameters
    ----------
    estimate, seen : WindowedImage
    operator : Operator
    known : Window
        Where the data are trusted.
    known_to : float
        Share of the light by which data may be off for want of a better PSF.
    tile : int
        Width in px of what is looked through at a time; the result does not depend on it beyond rounding.
    """
    sky = np.array([_sky(seen, band) for band in range(len(seen.bands))]).reshape(-1, 1, 1)
    samples = [_growths(estimate, seen, operator, core, known, sky) for core in tiles(known, tile)]
    growth = [np.concatenate(of_band) for of_band in zip(*samples)]
    medians = [max(float(np.median(values)), 0.0) if len(values) >= FEWEST else 0.0 for values in growth]
    return Doubt(known_to, sky, np.array(medians or np.zeros(len(sky))).reshape(-1, 1, 1))


def _sky(seen: WindowedImage, band: int) -> float:
    def trusted() -> Iterator[NDArray[np.floating]]:
        return (plane.pixels[~plane.mask] for plane in seen.strips(band))

    return sky_of_parts(trusted)[0] if any(part.size for part in trusted()) else 0.0


def _light(seen: WindowedImage, window: Window, sky: NDArray[np.float64]) -> NDArray[np.float64]:
    data = seen.part(window)
    return np.where(data.mask, 0, np.maximum(data.pixels - sky, 0))


def _growths(
    estimate: WindowedImage,
    seen: WindowedImage,
    operator: Operator,
    core: Window,
    known: Window,
    sky: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """What the variance per unit of light would be if each of some data of a window were of median size, by band."""
    wide = core.grown(_REACH).clipped(known)
    found = residual(estimate, seen, operator, wide)
    values = np.where(found.trusted, found.values, 0)
    rough = convolve(values, _DIFFERENCES) ** 2
    smooth = 9 * uniform_filter(values, (1, 3, 3)) ** 2
    # A cosmic ray is rough as well, and no light that the estimate has.
    data = _light(seen, wide, sky)
    light = uniform_filter(np.minimum(data, data - values), (1, 3, 3))
    counts = (light > LIT * found.sigma) & ~maximum_filter(~found.trusted, (1, 2 * _REACH + 1, 2 * _REACH + 1))
    counts &= uniform_filter(smooth, _SIDE) < ROUGH * uniform_filter(rough, _SIDE)
    # Of a large image some are enough: which ones depends on where they are and not on the tile.
    step = math.isqrt(known.height * known.width // MOST) + 1
    taken = np.zeros(counts.shape[1:], bool)
    taken[core.y0 + -core.y0 % step - wide.y0 : core.y1 - wide.y0 : step,
          core.x0 + -core.x0 % step - wide.x0 : core.x1 - wide.x0 : step] = True  # fmt: skip
    growth = np.divide(rough / MEDIAN - found.sigma**2, light, out=np.zeros_like(light), where=light > 0)
    return [of_band[which] for of_band, which in zip(growth, counts & taken)]
