"""Block matching: blocks that look alike are denoised together, as BM3D does it."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from pipeline.restorers.collaborative_filter import collaborative_filter, spread_of_coefficients
from pipeline.restorers.preview_denoiser import PreviewDenoiser


class BlockMatching(PreviewDenoiser):
    """Filters groups of similar blocks (Dabov et al. 2007, IEEE TIP 16, 2080).

    Of the noise it is told how strong it is at each frequency of a block. The tuned ``strength`` is that over the true
    one.
    """

    searched: ClassVar[dict[str, float]] = {"strength": 1.0}

    def denoised(self, plane: Tensor, noise: Tensor) -> Tensor:
        """Both stages."""
        return collaborative_filter(plane, self.settings["strength"] * spread_of_coefficients(noise))
