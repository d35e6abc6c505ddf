"""Block matching: blocks that look alike are denoised together, as BM3D does it."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from pipeline.restorers.collaborative_filter import collaborative_filter
from pipeline.restorers.preview_denoiser import PreviewDenoiser


class BlockMatching(PreviewDenoiser):
    """Filters groups of similar blocks (Dabov et al. 2007, IEEE TIP 16, 2080).

    The tuned ``strength`` is the noise that is told over the true one: that of a reconstruction is not white, as the
    method has it.
    """

    searched: ClassVar[dict[str, float]] = {"strength": 1.0}

    def denoised(self, plane: Tensor) -> Tensor:
        """Both stages."""
        return collaborative_filter(plane, self.settings["strength"])
