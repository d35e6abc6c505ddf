"""Whether a restored image, seen through the instrument again, is what was observed; by tiles, so of any size."""

from __future__ import annotations

import math
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.image import Pixels
from pipeline.observation import Observation
from pipeline.tiling import Window, read_reflected, tiles, whole


@torch.no_grad()
def residual_chi2(restored: Pixels, observation: Observation, tile: int = 512) -> float:
    """Mean squared residual of the re-blurred image over the variance of the noise, over trusted pixels.

    Pixels within the operator's halo of the border are left out, where the instrument saw sky that nobody knows, unless
    nothing would remain.

    Parameters
    ----------
    restored : array, shape (C, H, W)
        In the unit of the observation.
    observation : Observation
    tile : int
        Width in px of what is re-blurred at a time; the result does not depend on it beyond rounding.

    Returns
    -------
    float
        About 1 for the truth; NaN where no pixel is trusted or the noise is given as 0.
    """
    halo, area = observation.operator.halo, whole(*restored.shape[-2:])
    inner = area.grown(-halo) if min(area.height, area.width) > 2 * halo else area
    parts = [_squares(restored, observation, core) for core in tiles(inner, tile)]
    count = sum(number for _, number in parts)
    return sum(squares for squares, _ in parts) / count if count else math.nan


def _squares(restored: Pixels, observation: Observation, core: Window) -> tuple[float, int]:
    """Sum of squared residuals in units of sigma over the trusted pixels of a tile, and how many these are."""
    preview, operator = observation.preview, observation.operator
    if preview.sigma is None:
        raise ValueError(f"{preview.id}: an observation without a noise map")
    window = core.grown(operator.halo)
    scene, data, sigma, mask = (
        _batch(read_reflected(array, window)) for array in (restored, preview.pixels, preview.sigma, preview.mask)
    )
    # Only the core counts: around it the scene is cut off, or belongs to another tile.
    rim = torch.ones_like(mask)
    rim[(..., *core.relative_to(window).slices)] = False
    left_out = mask | rim | (sigma <= 0)
    count = int((~left_out).sum())
    if not count:
        return 0.0, 0
    chi2 = operator.residual_chi2(scene.double(), data.double(), sigma.double().clamp_min(1e-300), left_out)
    return float(chi2[0]) * count, count


def _batch(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(array)[None]
