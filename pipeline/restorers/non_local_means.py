"""Non-local means: what looks alike is averaged, wherever it lies."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from skimage.restoration import denoise_nl_means

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.rician import without_rician_bias
from pipeline.restorers.restorer import TunedRestorer

PATCH = 5
"""Width in px of what is compared."""
REACH = 6
"""How far apart in px two places are that are still compared."""


class NonLocalMeans(TunedRestorer):
    """Denoises the preview (Buades, Coll and Morel 2005, CVPR 2, 60), band by band.

    The preview is divided by the noise of each pixel first, so that it is 1 everywhere, and multiplied by it again. The
    tuned ``strength`` is the width in sigmas within which patches are alike. A magnitude comes out without what its
    noise adds (Gudbjartsson and Patz 1995, MRM 34, 910).
    """

    searched: ClassVar[dict[str, float]] = {"strength": 0.8}

    def restore(self, observation: Observation) -> Image:
        """Average."""
        preview = observation.preview
        sigma = np.ones_like(preview.pixels) if preview.sigma is None else preview.sigma
        safe = np.maximum(sigma, np.float32(1e-6) * sigma.max())
        strength = self.settings["strength"]
        denoised = [denoise_nl_means(plane, PATCH, REACH, h=strength, sigma=1.0) for plane in preview.pixels / safe]
        level = torch.from_numpy(np.stack(denoised).astype(np.float32))
        if observation.operator.magnitude:
            level = without_rician_bias(level, torch.ones_like(level))
        return preview.with_pixels(level.numpy() * safe.astype(np.float32))
