"""Whether a restored image, seen through the instrument again, is what was observed; by tiles, so of any size."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.image import Mask
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
    parts = [_squares(residual(restored, seen, operator, core)) for core in tiles(inner, tile)]
    count = sum(number for _, number in parts)
    return sum(squares for squares, _ in parts) / count if count else math.nan


class Residual(NamedTuple):
    """What of the data an estimate does not explain: arrays of shape (C, H, W), in float64."""

    values: NDArray[np.float64]
    """Data minus re-blurred estimate, in the unit of the image; of use where the data are trusted."""
    sigma: NDArray[np.float64]
    """Noise of the data."""
    trusted: Mask
    """True where a datum is not masked and has a noise above 0."""


def residual(estimate: WindowedImage, seen: WindowedImage, operator: Operator, core: Window) -> Residual:
    """Look at part of an image.

    Parameters
    ----------
    estimate : WindowedImage
        In the unit of the observation; beyond its border it is continued by reflection.
    seen : WindowedImage
        What was observed, with its noise.
    operator : Operator
        The instrument that saw it.
    core : Window
        Inside the image.
    """
    window = core.grown(operator.halo)
    rows, columns = (
        reflected_index(start, stop, size)
        for start, stop, size in zip((window.y0, window.x0), (window.y1, window.x1), seen.shape[-2:])
    )
    inside = Window(int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
    scene = estimate.part(inside).pixels[..., (rows - inside.y0)[:, None], columns - inside.x0]
    # Only the core counts: around it the scene is cut off, or belongs to another tile.
    inner = (..., *core.relative_to(window).slices)
    blurred = operator.forward(torch.from_numpy(scene)[None].double())[0][inner].numpy()
    data = seen.part(core)
    sigma = noise_of(data).astype(np.float64)
    return Residual(data.pixels - blurred, sigma, ~data.mask & (sigma > 0))


def _squares(found: Residual) -> tuple[float, int]:
    """Sum of squared residuals in units of sigma over the trusted pixels of a tile, and how many these are."""
    ratio = found.values[found.trusted] / found.sigma[found.trusted]
    return float(np.square(ratio).sum()), ratio.size
