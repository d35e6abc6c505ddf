"""An instrument whose PSF is wider or narrower than it is said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from scipy.ndimage import affine_transform

from pipeline.physics.blur import Blur


def with_width(blur: Blur, factor: float) -> Blur:
    """The same blur with a PSF that is so many times as wide, its light kept.

    Parameters
    ----------
    blur : Blur
        With a PSF of shape (C, K, K).
    factor : float
        1.1 for one that is 10% wider. The stamp keeps its width: of wings that reach its border a little is lost.
    """
    kernels = blur.psf.double().numpy()
    centre = kernels.shape[-1] // 2
    wider = np.stack(
        [
            affine_transform(k, np.full(2, 1 / factor), centre * (1 - 1 / factor), order=3, mode="constant")
            for k in kernels
        ]
    ).clip(min=0)
    psf = torch.from_numpy(wider / wider.sum((-2, -1), keepdims=True)).to(blur.psf)
    return replace(blur, psf=psf)
