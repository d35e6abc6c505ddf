"""Judging a restored slice as those who read medical images do: within the body, the window, and each tissue."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.body import body_mask, inside_tissue
from pipeline.config import Tissue
from pipeline.evaluation.metrics import REGION_BIAS
from pipeline.evaluation.spaces import LINEAR
from pipeline.image import Image
from pipeline.measures.fidelity import psnr, ssim

Array = NDArray[np.floating]
FEWEST = 9
"""Pixels of a region from which its mean error is given."""


def tissue_scores(
    restored: Array, truth: Image, settings: Tissue, volume_range: float
) -> Iterator[tuple[str, str, float]]:
    """Space, metric and value of one slice.

    Parameters
    ----------
    restored : array, shape (C, H, W)
        In the unit of the truth.
    truth : Image
        The whole slice; what was taken off it is given back before a window or a region is applied.
    settings : Tissue
    volume_range : float
        Largest value of the truth of the volume that the slice is of (Zbontar et al. 2018, fastMRI, section 6.2).
    """
    right = truth.pixels
    body = np.stack([body_mask(plane) for plane in np.where(truth.mask, 0, right)])
    outside = ~body | truth.mask
    yield LINEAR, "psnr_body", psnr(restored, right, volume_range, outside)
    yield LINEAR, "ssim_body", ssim(restored, right, volume_range, outside)
    yield LINEAR, "nmse", _nmse(restored, right, truth.mask)
    zero = 0.0 if truth.background is None else truth.background
    if settings.window is not None:
        low, high = settings.window
        seen, wanted = (np.clip(values + zero, low, high) for values in (restored, right))
        yield LINEAR, "psnr_window", psnr(seen, wanted, high - low, outside)
    for name, (low, high) in settings.regions.items():
        region = np.stack([inside_tissue(plane, low, high) for plane in right + zero]) & ~truth.mask
        error = restored[region].astype(np.float64) - right[region]
        yield LINEAR, f"{REGION_BIAS}{name}", float(error.mean()) if error.size >= FEWEST else math.nan


def _nmse(restored: Array, truth: Array, mask: NDArray[np.bool_]) -> float:
    """``|x - t|^2 / |t|^2`` (Zbontar et al. 2018, equation 9)."""
    found, right = (np.asarray(values, np.float64)[~mask] for values in (restored, truth))
    power = float(np.square(right).sum())
    return float(np.square(found - right).sum()) / power if power else math.nan
