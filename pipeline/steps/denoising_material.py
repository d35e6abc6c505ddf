"""What the denoiser of one fold is trained on: the scenes of the networks, in noise and unblurred."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.config import Augment
from pipeline.steps.training_material import TrainingMaterial
from pipeline.training.degradation import Degrader
from pipeline.training.noise_levels import NoiseLevels
from pipeline.training.scenes import Scenes

LEAST_NOISE = 1e-4
"""Noise over the span of the scene from which on levels are drawn, where a study's conditions have less."""


class DenoisingMaterial(TrainingMaterial):
    """As :class:`~pipeline.steps.training_material.TrainingMaterial`, behind an instrument that only adds noise."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # Of the noise that the conditions add, which is what plug and play will meet.
        low, high = (
            [max(s, LEAST_NOISE * w) for s, w in zip(end, self._statistics.span)] for end in self._added_noise()
        )
        self._instruments = NoiseLevels(low, high, self._device)
        self.preparation = replace(self.preparation, descriptors=self._instruments.names)

    def _degrader(self, scenes: Scenes, augment: Augment) -> Degrader:
        # What detectors lose is not the denoiser's business: it is shown whole scenes.
        return Degrader(scenes, self._instruments, self.preparation, False, self._device, None, augment)
