"""The light that noisy data tell of, pixel by pixel: what the noise of photons is estimated from."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import pad

WIDTH = 5
"""A pixel is compared with a square of this many pixels about it."""
BY_CHANCE = 2.0
"""What varies in the square is light where its variance is above that of the noise by this factor."""
FEWEST = 1 / WIDTH**2
"""Electrons per pixel below which a square mostly holds none, so that no rate can be told."""


def expected_electrons(counted: Tensor, read_noise: Tensor) -> Tensor:
    """Expected electrons of each pixel: the mean about it where all is alike, its own count where a source stands out.

    The filter of Lee (1980, IEEE Trans. Pattern Anal. Mach. Intell. 2, 165) for photon noise. On a sky, a pixel's own
    noise hardly enters, and core and wings of a bright star do not share one mean. Beyond its border an image is
    continued by reflection.

    Parameters
    ----------
    counted : Tensor, shape (B, C, H, W)
        Electrons with all their noise; at least 3 px high and wide.
    read_noise : Tensor
        Standard deviation of the read-out in electrons, of a shape that goes with the image's.

    Returns
    -------
    Tensor, shape (B, C, H, W)
        At least ``FEWEST``.
    """
    mean = _mean_about(counted)
    apart = counted - mean
    noise = mean.clamp_min(FEWEST) + read_noise.square()
    of_light = (1 - BY_CHANCE * noise / _mean_about(apart.square())).clamp_min(0)
    return (mean + of_light * apart).clamp_min(FEWEST)


def _mean_about(image: Tensor) -> Tensor:
    # One axis after the other, as sums of shifted images: on a CPU four times as fast as pooling.
    mean = pad(image, [WIDTH // 2] * 4, mode="reflect")
    for axis in (-2, -1):
        shifted = (mean.narrow(axis, start, image.shape[axis]) for start in range(1, WIDTH))
        mean = sum(shifted, mean.narrow(axis, 0, image.shape[axis])) / WIDTH
    return mean
