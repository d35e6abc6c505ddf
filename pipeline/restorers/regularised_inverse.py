"""The instrument's own regularised inverse: filtered back projection, or zero-filled lines, with Wiener's window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import torch

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.restorers.restorer import Settings, TunedRestorer


class RegularisedInverse(TunedRestorer):
    """``(A' A + f r Q)^-1 A' y``: :meth:`Operator.regularised_inverse` at the tuned ``strength`` f.

    ``r`` is the variance of the noise over that of the train role's scenes.
    """

    searched: ClassVar[dict[str, float]] = {"strength": 1.0}

    @classmethod
    def learned(cls, truths: Iterable[Image]) -> Settings:
        """Measure ``variance``, that of scenes in each band, as the mean over scenes."""
        each = [truth.pixels.astype(np.float64).var((-2, -1)) for truth in truths]
        return {"variance": np.mean(each, 0).tolist()}

    def restore(self, observation: Observation) -> Image:
        """Apply the inverse."""
        measured, preview = observation.measured, observation.preview
        level = measured.level
        variance = torch.tensor(self.settings["variance"], dtype=level.dtype)
        ratio = self.settings["strength"] * level.square() / variance
        scene = observation.operator.regularised_inverse(measured.data, ratio)[0]
        return preview.with_pixels(scene.float().contiguous().numpy())
