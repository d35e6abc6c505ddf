"""What the networks of one fold are trained on that are shown whole slices with their data."""

from __future__ import annotations

from typing import Any

from pipeline.config import Denoiser, Nafnet, Pix2pix, Unrolled
from pipeline.steps.scan_material import ScanMaterial
from pipeline.training.scenes import Scenes
from pipeline.training.slice_degrader import SliceDegrader


class SliceMaterial(ScanMaterial):
    """As :class:`~pipeline.steps.scan_material.ScanMaterial`, without crops."""

    def pixels_per_step(self, settings: Nafnet | Pix2pix | Denoiser, stage: str) -> int:
        """Pixels that a step of a stage sees."""
        assert isinstance(settings, Unrolled)
        return round(settings.batch_of(stage) * self._slices_of(self._scenes).pixels)

    def _degrader(self, scenes: Scenes, _augment: object) -> Any:
        return SliceDegrader(self._slices_of(scenes), self.preparation, self._device)
