"""Finding a keyed mark in an image, wherever in its pattern the image was cut out."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, rfft2
from scipy.ndimage import maximum_filter
from scipy.stats import norm

from pipeline.errors import ClearfieldError
from pipeline.fields.mark import PERIOD, without_local_mean
from pipeline.measures.local_correlation import RADIUS, local_correlation, unexplained
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage

LARGEST = 4096
"""Px of the middle of an image that are looked at: a mark is found in far less."""
TILE = 1024
"""Px that are read at a time."""
PIECE, PIECES = 64, 16
"""Width in px and number of the pieces by which an image's own correlation is known."""
LOUDEST = 3.0
"""Sigmas at which what neighbours leave unexplained is cut, so that no star drowns the rest."""
FALSE_POSITIVES = 1e-6
"""Share of images without the mark in which it may be found."""

Floats = NDArray[np.float64]


class MarkError(ClearfieldError):
    """An image in which no mark can be looked for."""


class Sighting(NamedTuple):
    """The place of the pattern that an image fits best, whether that means anything or not."""

    sigmas: float
    """How far the sum over the image is above that of other keys, in their standard deviation."""
    log_p: float
    """Logarithm to base 10 of the share of keys that would fit as well somewhere: at most 0."""
    row: int
    """Row of the pattern in which the image begins ..."""
    column: int
    trials: int
    """Places that were tried."""

    @property
    def found(self) -> bool:
        """Whether the mark is there, wrongly in one of a million images at most."""
        return self.log_p < math.log10(FALSE_POSITIVES)


def look_for(folded: Floats, pattern: Floats) -> Sighting:
    """Correlate an image with a pattern, at all places at once.

    With another key the pattern is another draw of normal numbers, so the correlation at each place is a normal number
    too, of mean 0 and a variance that is known from the image: the p-value holds for any image, real or synthetic. It
    is that of the best place times the number of places, by Bonferroni's inequality an upper bound.

    Parameters
    ----------
    folded : array, shape (P, P)
        From :func:`folded`.
    pattern : array, shape (P, P)
        From :func:`~pipeline.fields.mark.pattern_of`.
    """
    spread = float(np.sqrt((without_local_mean(folded) ** 2).sum()))
    if not spread:
        return Sighting(0.0, 0.0, 0, 0, folded.size)
    fit = irfft2(rfft2(pattern) * rfft2(folded).conj(), folded.shape)
    row, column = np.unravel_index(int(fit.argmax()), fit.shape)
    sigmas = float(fit[row, column]) / spread
    log_p = min((math.log(folded.size) + float(norm.logsf(sigmas))) / math.log(10), 0.0)
    return Sighting(sigmas, log_p, int(row), int(column), folded.size)


def folded(image: WindowedImage, period: int = PERIOD) -> Floats:
    """What the neighbours of each pixel leave unexplained, summed over the bands and over repeats of the pattern.

    Of a noise with the spectrum P this has 1 / P of the amplitude at each frequency, which is the best filter for a
    known signal in it, and independent of a level or a scale of the image.

    Returns
    -------
    array, shape (period, period)
        In standard deviations of a band; the image's first pixel is the first.

    Raises
    ------
    MarkError
        If the image is less than 10 px wide or high.
    """
    least = 4 * RADIUS + 2
    if min(image.shape[-2:]) < least:
        raise MarkError(f"{image.id}: {image.shape[-2]} x {image.shape[-1]} px; at least {least} x {least} are needed")
    area, total = _middle(image.area), np.zeros((period, period))
    for band in range(len(image.bands)):
        whitened = _Whitened(image, band, area)
        for tile in tiles(area.grown(-RADIUS), TILE):
            rows, columns = (np.arange(start, stop) % period for start, stop in
                             ((tile.y0, tile.y1), (tile.x0, tile.x1)))  # fmt: skip
            np.add.at(total, (rows[:, None], columns), whitened.window(tile))
    return total


class _Whitened:
    """A band of which the neighbours of each pixel are taken off, in sigmas of what is left, cut at three."""

    def __init__(self, image: WindowedImage, band: int, area: Window) -> None:
        self._image, self._band = image, band
        pieces = _pieces(image, band, area)
        self._kernel = np.median(local_correlation(np.stack(pieces)), 0)
        left = np.concatenate([unexplained(piece, self._kernel).ravel() for piece in pieces])
        self._level = float(np.median(left))
        self._sigma = 1.4826 * float(np.median(np.abs(left - self._level)))

    def window(self, window: Window) -> Floats:
        """A window of pixels that have all their neighbours; 0 where a mask hides one, and in a band of one value."""
        plane = self._image.read(self._band, window.grown(RADIUS))
        inside = slice(RADIUS, -RADIUS), slice(RADIUS, -RADIUS)
        unknown = maximum_filter(plane.mask, 2 * RADIUS + 1)[inside]
        left = unexplained(plane.pixels, self._kernel) - self._level
        return np.where(unknown | (not self._sigma), 0, np.clip(left / (self._sigma or 1), -LOUDEST, LOUDEST))


def _pieces(image: WindowedImage, band: int, area: Window) -> list[NDArray[np.floating]]:
    """Squares evenly spaced over an area, those of one value left out where there are others."""
    size = min(PIECE, area.height, area.width)
    every = [w for w in tiles(Window(0, 0, area.height, area.width), size) if (w.height, w.width) == (size, size)]
    chosen = np.unique(np.linspace(0, len(every) - 1, min(PIECES, len(every))).astype(int))
    windows = (Window(every[n].y0 + area.y0, every[n].x0 + area.x0, size, size) for n in chosen)
    pieces = [image.read(band, window).pixels for window in windows]
    return [piece for piece in pieces if np.ptp(piece)] or pieces


def _middle(area: Window) -> Window:
    rows, columns = (max(size - LARGEST, 0) for size in (area.height, area.width))
    return Window(rows // 2, columns // 2, area.height - rows, area.width - columns)
