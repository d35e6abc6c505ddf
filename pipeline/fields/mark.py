"""A keyed mark in the noise of a field: too faint to see, and found again by whoever has the key.

Spread-spectrum watermarking (Cox, Kilian, Leighton and Shamoon 1997, IEEE Trans. Image Process. 6, 1673): a pattern of
independent numbers, a small share of the noise in every pixel, whose sum over many pixels is far above it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from pipeline.fields.addressed_noise import addressed_noise
from pipeline.tiling import Window, whole

PERIOD = 2048
"""Px after which the pattern repeats, down and to the right: where a cutout lies within it is found by trying all."""
LOCAL = 5
"""Px of the squares about each pixel whose mean is taken off the pattern, so that no aperture gathers any of it."""

Floats = NDArray[np.float64]


class Mark:
    """A mark of some strength by some key.

    Parameters
    ----------
    key : bytes
        See :func:`~pipeline.fields.mark_key.read_key`.
    sigma : tuple of float
        Standard deviation of the mark in each band, in the unit of the image.
    """

    def __init__(self, key: bytes, sigma: tuple[float, ...]) -> None:
        self._pattern, self._sigma = pattern_of(key), np.array(sigma)[:, None, None]

    def window(self, window: Window) -> Floats:
        """What is added to the pixels of a window of the endless plane, shape (C, H, W)."""
        rows, columns = (
            np.arange(start, stop) % PERIOD for start, stop in ((window.y0, window.y1), (window.x0, window.x1))
        )
        return self._sigma * self._pattern[rows[:, None], columns]

    def __repr__(self) -> str:
        # Nothing of the key, wherever this may be printed.
        return f"Mark(sigma={self._sigma.ravel().tolist()})"


@lru_cache(maxsize=2)
def pattern_of(key: bytes, period: int = PERIOD) -> Floats:
    """The pattern of a key: normal numbers of mean 0 and standard deviation 1, whose local means are taken off.

    Returns
    -------
    array, shape (period, period)
        Of a torus: its borders fit together.
    """
    seed = int.from_bytes(hashlib.blake2b(b"pattern", key=key, digest_size=32).digest(), "little")
    return without_local_mean(addressed_noise(seed, "mark", whole(period, period), 1)[0].double().numpy())


def without_local_mean(torus: Floats) -> Floats:
    """Take off the mean of the 5 x 5 px about each pixel, white noise keeping its variance; shape (H, W)."""
    return (torus - uniform_filter(torus, LOCAL, mode="wrap")) / np.sqrt(1 - 1 / LOCAL**2)
