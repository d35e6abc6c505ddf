"""An image interpolated at given places, with the noise and the mask that follow from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.fill import fill_masked
from pipeline.image import Mask, Pixels
from pipeline.pairing.grids import Grids, Places

STRIP = 256
"""Rows that are interpolated at a time: the places of all pixels take far more memory than the image."""
TAPS = 4
"""Rows, and columns, of the blurred image that a value is made of."""
NEGLIGIBLE = 1e-6
"""Weight below which a masked pixel does no harm."""


class Resampled(NamedTuple):
    """An image at other places, shape (C, H, W) each."""

    pixels: Pixels
    mask: Mask
    """True where a pixel that counts is masked or beyond the border."""
    sigma: Pixels
    """Standard deviation of each value; neighbours share noise, which this does not say."""


def cubic_convolution(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of a sample at a distance in px (Keys 1981, equation 15): exact for parabolas."""
    s = np.abs(distance)
    near = (1.5 * s - 2.5) * s**2 + 1
    far = ((-0.5 * s + 2.5) * s - 4) * s + 2
    return np.where(s <= 1, near, np.where(s < TAPS / 2, far, 0.0))


class Resampler:
    """Interpolates an image by cubic convolution; no library's spline tells the noise of what it makes.

    ``value = sum(w d)`` over 4 x 4 pixels, hence ``variance = sum(w^2 sigma^2)`` where the image's own noise is
    independent from pixel to pixel.

    Parameters
    ----------
    pixels, mask, sigma : array, shape (C, H, W)
        Values, which not to trust, and their standard deviations.
    """

    def __init__(self, pixels: Pixels, mask: Mask, sigma: Pixels) -> None:
        self._filled, self._mask, self._variance = fill_masked(pixels, mask), mask, sigma.astype(np.float64) ** 2

    def at(self, places: Places) -> Resampled:
        """The image at some places, shape (2, H', W'): rows and columns; what is not finite is nowhere.

        Returns
        -------
        Resampled
            Of shape (C, H', W').
        """
        nowhere = ~np.isfinite(places).all(0)
        rows, columns = np.where(nowhere, -1e6, places)
        first = np.floor(rows).astype(np.intp) - 1, np.floor(columns).astype(np.intp) - 1
        total = np.zeros((len(self._filled), *rows.shape))
        spread, untrusted = np.zeros_like(total), np.zeros(total.shape, bool)
        height, width = self._filled.shape[-2:]
        for down in range(TAPS):
            row = first[0] + down
            weight_of_row = cubic_convolution(rows - row)
            for across in range(TAPS):
                column = first[1] + across
                weight = weight_of_row * cubic_convolution(columns - column)
                beyond = (row < 0) | (row >= height) | (column < 0) | (column >= width)
                here = (slice(None), row.clip(0, height - 1), column.clip(0, width - 1))
                total += weight * self._filled[here]
                spread += weight**2 * self._variance[here]
                untrusted |= (self._mask[here] | beyond) & (np.abs(weight) > NEGLIGIBLE)
        untrusted |= nowhere
        return Resampled(total.astype(np.float32), untrusted, np.sqrt(spread).astype(np.float32))

    def on(self, grids: Grids, height: int, width: int) -> Resampled:
        """The image on all pixels of another grid of ``height`` x ``width`` px."""
        strips = []
        for top in range(0, height, STRIP):
            rows, columns = np.arange(top, min(top + STRIP, height)), np.arange(width)
            places = np.stack(np.meshgrid(rows, columns, indexing="ij")).astype(np.float64)
            strips.append(self.at(grids.to_blurred(places)))
        return Resampled(*(np.concatenate(planes, axis=1) for planes in zip(*strips)))
