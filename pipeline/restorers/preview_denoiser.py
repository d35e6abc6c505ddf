"""What takes the noise off a preview and goes by nothing else of the data."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.rician import without_rician_bias
from pipeline.restorers.restorer import TunedRestorer


class PreviewDenoiser(TunedRestorer):
    """Denoises the preview band by band, by the noise that is told of each of its pixels.

    The preview is divided by that noise first, so that it is 1 everywhere, and multiplied by it again. A magnitude
    comes out without what its noise adds (Gudbjartsson and Patz 1995, MRM 34, 910).
    """

    @abstractmethod
    def denoised(self, plane: Tensor) -> Tensor:
        """A band, shape (H, W), without its noise of variance 1."""

    def restore(self, observation: Observation) -> Image:
        """Denoise every band."""
        preview = observation.preview
        sigma = np.ones_like(preview.pixels) if preview.sigma is None else preview.sigma
        safe = np.maximum(sigma, np.float32(1e-6) * sigma.max()).astype(np.float32)
        level = torch.stack([self.denoised(plane) for plane in torch.from_numpy(preview.pixels / safe)])
        if observation.operator.magnitude:
            level = without_rician_bias(level, torch.ones_like(level))
        return preview.with_pixels(level.numpy() * safe)
