"""What the networks of one fold are trained on where a scanner is the instrument."""

from __future__ import annotations

from functools import cached_property
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

    Slices are turned and mirrored before they are scanned; nothing else of ``train.augment`` is done to them. Those of
    a batch, the one that training is watched on among them, are of one size.
    """

    @cached_property
    def _told_apart(self) -> dict[Scenes, Slices]:
        return {}

    def _instruments_of(self, _first: Image, _stamp: object) -> ScannedSlices:
        return ScannedSlices(self._slices_of(self._scenes))

    def _slices_of(self, scenes: Scenes) -> Slices:
        """The slices of a role; they are told apart once."""
        if scenes not in self._told_apart:
            study, names = self._study, {region.image for region in scenes.regions}
            assert study.degrade.scan is not None
            with read_images(self._path) as images:
                corners = {name: in_mm(images.image(name, Window(0, 0, 1, 1)), study) for name in sorted(names)}
            self._told_apart[scenes] = Slices(scenes, study.degrade.scan, corners)
        return self._told_apart[scenes]

    def _watched_width(self, stride: int) -> int:
        # As much of a slice as the network can take, of those that are learned from too: both are compared.
        side = min(self._slices_of(scenes).smallest_side for scenes in (self._watched, self._scenes))
        return min(super()._watched_width(stride), side - side % stride)

    def _degrader(self, scenes: Scenes, _augment: Augment) -> Any:
        return ScanDegrader(self._slices_of(scenes), self.preparation, self._device)
