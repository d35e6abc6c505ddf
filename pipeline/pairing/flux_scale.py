"""How many units of the blurred image one unit of the sharp image is, and at which level its sky lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.pairing.grids import PairError


@dataclass(frozen=True)
class FluxFit:
    """``blurred = gain * sharp + level``, per band."""

    gain: tuple[float, ...]
    level: tuple[float, ...]
    chi2: tuple[float, ...]
    """Mean squared residual over the blurred image's variance: 1 where PSF, registration and noise are right."""
    unexplained: tuple[float, ...]
    """What of the residual is not noise, over what the fit explains: 0 where PSF and registration are right."""


def sums_of(model: NDArray, data: NDArray, sigma: NDArray, mask: NDArray) -> NDArray[np.float64]:
    """What a fit needs to know of some pixels: sums per band, shape (C, 7), that can be added up.

    Parameters
    ----------
    model, data : array, shape (C, H, W)
        The sharp image as the blurred one's instrument sees it, and the blurred image.
    sigma : array, shape (C, H, W)
        Noise of the blurred image.
    mask : array, shape (C, H, W), bool
        True where either is not to be trusted.
    """
    sums = []
    for x, y, s, lost in zip(model, data, sigma, mask):
        kept = ~lost & (s > 0)
        x, y, w = (values[kept].astype(np.float64) for values in (x, y, s))
        w = 1 / w**2
        sums.append([w.size, w.sum(), w @ x, w @ y, w @ (x * x), w @ (x * y), w @ (y * y)])
    return np.array(sums)


def fitted(sums: Iterable[NDArray[np.float64]], source: str) -> FluxFit:
    """Weighted least squares of gain and level, from the sums of any number of places.

    Raises
    ------
    PairError
        If nothing is left to fit, or the blurred image does not follow the sharp one.
    """
    gains, levels, chi2, unexplained = [], [], [], []
    for band, (count, s, sx, sy, sxx, sxy, syy) in enumerate(np.sum(list(sums), axis=0)):
        spread = s * sxx - sx * sx
        gain = (s * sxy - sx * sy) / spread if count > 2 and spread > 0 else 0.0
        if gain <= 0:
            raise PairError(
                f"{source}: band {band + 1} of the blurred images does not follow the sharp ones (gain {gain:.3g}); "
                "see that both show the same scene, and pairs.register_by"
            )
        level = (sy - gain * sx) / s
        residual = syy - 2 * gain * sxy - 2 * level * sy + gain**2 * sxx + 2 * gain * level * sx + level**2 * s
        gains.append(float(gain))
        levels.append(float(level))
        chi2.append(float(max(residual, 0.0) / count))
        unexplained.append(float(max(residual - count, 0.0) / (gain**2 * spread / s)))
    return FluxFit(tuple(gains), tuple(levels), tuple(chi2), tuple(unexplained))
