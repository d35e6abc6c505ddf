"""How much power slices of a body hold at each frequency, for quick inverses: that of regions with edges."""

from __future__ import annotations

import math

from torch import Tensor


def rarity(frequency: Tensor, pixels: float) -> Tensor:
    """Variance of a slice per pixel over its power at a frequency, ``2 pi pixels |k|^3``.

    Edges have the power ``k^-3``, averaged over directions, and with this factor the powers of all frequencies from one
    period across the slice upwards add up to the variance.

    Parameters
    ----------
    frequency : Tensor
        Distance from the middle of Fourier space, in cycles per px.
    pixels : float
        Width of the slice in px.
    """
    return 2 * math.pi * pixels * frequency**3
