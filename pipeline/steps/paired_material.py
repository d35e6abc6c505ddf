"""What the networks of one fold are trained on where they learn from real pairs."""

from __future__ import annotations

from typing import Any

from pipeline.config import Augment
from pipeline.steps.training_material import TrainingMaterial
from pipeline.training.degradation import Degrader
from pipeline.training.paired_degrader import PairedDegrader
from pipeline.training.scenes import Scenes


class PairedMaterial(TrainingMaterial):
    """As :class:`~pipeline.steps.training_material.TrainingMaterial`, of blurred images that are real.

    Crops are turned by quarter turns and mirrored; what else ``train.augmentation`` does to a scene before it is seen,
    nothing can do to a scene that was seen.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        if self._observed is None:
            raise ValueError("without pairs there is nothing to learn from them")
        self._seen = {id(scenes): self._observed.of(scenes.regions) for scenes in (self._scenes, self._watched)}

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for observed in self._seen.values():
            observed.close()

    def _degrader(self, scenes: Scenes, augment: Augment) -> Degrader:  # noqa: ARG002
        psfs = self._observed.psfs_of(scenes.regions)  # type: ignore[union-attr]
        return PairedDegrader(scenes, self._seen[id(scenes)], psfs, self.preparation, self._device)
