"""What takes the noise off a preview and goes by nothing else of the data."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.noise import addressed_generator
from pipeline.physics.rician import without_rician_bias
from pipeline.restorers.restorer import TunedRestorer


class PreviewDenoiser(TunedRestorer):
    """Denoises the preview band by band, by the noise that is told of each of its pixels.

    The preview is divided by that noise first, so that it is 1 everywhere, and multiplied by it again. A magnitude
    comes out without what its noise adds (Gudbjartsson and Patz 1995, MRM 34, 910).
    """

    @abstractmethod
    def denoised(self, plane: Tensor, noise: Tensor) -> Tensor:
        """A band without its noise of variance 1.

        Parameters
        ----------
        plane : Tensor, shape (H, W)
        noise : Tensor, shape (H, W)
            Other noise like that of the plane, which need not be white.
        """

    def restore(self, observation: Observation) -> Image:
        """Denoise every band."""
        preview = observation.preview
        sigma = np.ones_like(preview.pixels) if preview.sigma is None else preview.sigma
        safe = np.maximum(sigma, np.float32(1e-6) * sigma.max()).astype(np.float32)
        planes, noises = torch.from_numpy(preview.pixels / safe), _other_noise(observation) / torch.from_numpy(safe)
        level = torch.stack([self.denoised(plane, noise) for plane, noise in zip(planes, noises)])
        if observation.operator.magnitude:
            level = without_rician_bias(level, torch.ones_like(level))
        return preview.with_pixels(level.numpy() * safe)


@torch.no_grad()
def _other_noise(observation: Observation) -> Tensor:
    """What noise makes of the preview if it is drawn again at an address that is the observation's name."""
    operator, preview = observation.operator, observation.preview
    clean = operator.forward(torch.from_numpy(preview.pixels)[None])
    generators = [addressed_generator("other noise", observation.id, band) for band in preview.bands]
    return (operator.preview(operator.noise.draw(clean, generators)) - operator.preview(clean))[0]
