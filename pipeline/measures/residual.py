"""Whether a restored image, seen through the instrument again, is what was observed; by tiles, so of any size."""

from __future__ import annotations

import math

import numpy as np
import torch

from pipeline.physics.operator import Operator
from pipeline.tiling import Window, reflected_index, tiles
from pipeline.windowed import WindowedImage, noise_of


@torch.no_grad()
def residual_chi2(restored: WindowedImage, seen: WindowedImage, operator: Operator, tile: int = 512) -> float:
    """Mean squared residual of the re-blurred image over the variance of the noise, over trusted pixels.

    Pixels within the operator's halo of the border are left out, where the instrument saw sky that nobody knows, unless
    nothing would remain.

    Parameters
    ----------
    restored : WindowedImage
        In the unit of the observation.
    seen : WindowedImage
        What was observed, with its noise.
    operator : Operator
        The instrument that saw it.
    tile : int
        Width in px of what is re-blurred at a time; the result does not depend on it beyond rounding.

    Returns
    -------
    float
        About 1 for the truth; NaN where no pixel is trusted or the noise is given as 0.
    """
    halo, area = operator.halo, seen.area
    inner = area.grown(-halo) if min(area.height, area.width) > 2 * halo else area
    parts = [_squares(restored, seen, operator, core) for core in tiles(inner, tile)]
    count = sum(number for _, number in parts)
    return sum(squares for squares, _ in parts) / count if count else math.nan


def _squares(restored: WindowedImage, seen: WindowedImage, operator: Operator, core: Window) -> tuple[float, int]:
    """Sum of squared residuals in units of sigma over the trusted pixels of a tile, and how many these are."""
    window = core.grown(operator.halo)
    rows, columns = (
        reflected_index(start, stop, size)
        for start, stop, size in zip((window.y0, window.x0), (window.y1, window.x1), seen.shape[-2:])
    )
    inside = Window(int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
    data, estimate = seen.part(inside), restored.part(inside)
    index = (..., (rows - inside.y0)[:, None], columns - inside.x0)
    scene, values, sigma, mask = (
        torch.from_numpy(array[index])[None] for array in (estimate.pixels, data.pixels, noise_of(data), data.mask)
    )
    # Only the core counts: around it the scene is cut off, or belongs to another tile.
    rim = torch.ones_like(mask)
    rim[(..., *core.relative_to(window).slices)] = False
    left_out = mask | rim | (sigma <= 0)
    count = int((~left_out).sum())
    if not count:
        return 0.0, 0
    chi2 = operator.residual_chi2(scene.double(), values.double(), sigma.double().clamp_min(1e-300), left_out)
    return float(chi2[0]) * count, count
