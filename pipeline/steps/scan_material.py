"""What the networks of one fold are trained on where a scanner is the instrument."""

from __future__ import annotations

from typing import Any

from pipeline.config import Augment
from pipeline.image import Image
from pipeline.physics.scanners import scanner_for
from pipeline.steps.scan_slice import ScanError, in_mm
from pipeline.steps.training_material import TrainingMaterial
from pipeline.training.scan_degrader import ScanDegrader
from pipeline.training.scanned_slices import ScannedSlices
from pipeline.training.scenes import Scenes


class ScanMaterial(TrainingMaterial):
    """As :class:`~pipeline.steps.training_material.TrainingMaterial`, of whole slices in a scanner.

    Slices are turned and mirrored before they are scanned; nothing else of ``train.augment`` is done to them.

    Raises
    ------
    ScanError
        If the slices that are learned from or watched are not of one size.
    """

    def _instruments_of(self, first: Image, _stamp: object) -> ScannedSlices:
        scan, study = self._study.degrade.scan, self._study
        sizes = {(r.window.height, r.window.width) for s in (self._scenes, self._watched) for r in s.regions}
        if scan is None or len(sizes) > 1:
            listed = ", ".join(f"{height} x {width}" for height, width in sorted(sizes))
            raise ScanError(f"slices of {listed} px cannot be scanned together; make them of one size")
        height, width = sizes.pop()
        slice = in_mm(first, study).with_size(height, width)
        return ScannedSlices(scanner_for(scan, slice), self._scenes)

    def _watched_width(self, stride: int) -> int:
        # As much of a slice as the network can take.
        return min(super()._watched_width(stride), *(side - side % stride for side in self._instruments.scanner.size))

    def _degrader(self, scenes: Scenes, _augment: Augment) -> Any:
        return ScanDegrader(scenes, self._instruments.scanner, self.preparation, self._device)
