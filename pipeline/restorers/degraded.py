"""The data as they came: what every restorer has to improve on."""

from __future__ import annotations

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.restorers.restorer import TunedRestorer


class Degraded(TunedRestorer):
    """Returns the preview; there is nothing to tune."""

    def restore(self, observation: Observation) -> Image:
        """Return the preview unchanged."""
        return observation.preview
