"""An instrument that adds noise and nothing else, behind which a restorer is a denoiser."""

from __future__ import annotations

import torch

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise


class Unblurred(Blur):
    """A blur by the PSF of one pixel; no numbers tell one such instrument from another."""

    def descriptor(self) -> dict[str, float]:
        """None."""
        return {}


def unblurred(bands: int) -> Unblurred:
    """The instrument for images of so many bands; how much noise it added, each image says itself."""
    return Unblurred(torch.ones(bands, 1, 1), GaussianNoise((0.0,) * bands))
