"""What the networks of one fold are trained on where a scanner is the instrument."""

from __future__ import annotations

from typing import Any

from pipeline.config import Augment
from pipeline.image import Image
from pipeline.steps.scan_slice import in_mm
from pipeline.steps.training_material import TrainingMaterial
from pipeline.store import read_images
from pipeline.tiling import Window
from pipeline.training.scan_degrader import ScanDegrader
from pipeline.training.scanned_slices import ScannedSlices
from pipeline.training.scenes import Scenes
from pipeline.training.slices import Slices


class ScanMaterial(TrainingMaterial):
    """As :class:`~pipeline.steps.training_material.TrainingMaterial`, of whole slices in a scanner.

    Slices are turned and mirrored before they are scanned; nothing else of ``train.augment`` is done to them.
    """

    def _instruments_of(self, _first: Image, _stamp: object) -> ScannedSlices:
        self._slices = {scenes: self._sorted(scenes) for scenes in (self._scenes, self._watched)}
        return ScannedSlices(self._slices[self._scenes])

    def _sorted(self, scenes: Scenes) -> Slices:
        study = self._study
        assert study.degrade.scan is not None
        with read_images(self._path) as images:
            return Slices(scenes, study.degrade.scan, lambda name: in_mm(images.image(name, Window(0, 0, 1, 1)), study))

    def _watched_width(self, stride: int) -> int:
        # As much of a slice as the network can take.
        sides = self._slices[self._watched].smallest
        return min(super()._watched_width(stride), *(side - side % stride for side in sides))

    def _degrader(self, scenes: Scenes, _augment: Augment) -> Any:
        return ScanDegrader(self._slices[scenes], self.preparation, self._device)
