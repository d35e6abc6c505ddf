"""Non-local means: what looks alike is averaged, wherever it lies."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from skimage.restoration import denoise_nl_means
from torch import Tensor

from pipeline.restorers.preview_denoiser import PreviewDenoiser

PATCH = 5
"""Width in px of what is compared."""
REACH = 6
"""How far apart in px two places are that are still compared."""


class NonLocalMeans(PreviewDenoiser):
    """Means over what looks alike (Buades, Coll and Morel 2005, CVPR 2, 60).

    The tuned ``strength`` is the width in sigmas within which patches are alike.
    """

    searched: ClassVar[dict[str, float]] = {"strength": 0.8}

    def denoised(self, plane: Tensor, noise: Tensor) -> Tensor:  # noqa: ARG002
        """Average."""
        means = denoise_nl_means(plane.numpy(), PATCH, REACH, h=self.settings["strength"], sigma=1.0)
        return torch.from_numpy(means.astype(np.float32))
