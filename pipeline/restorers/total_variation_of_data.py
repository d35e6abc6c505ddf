"""Iterative reconstruction: the scene of least total variation that fits the data themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.sparsity.differences import Differences
from pipeline.sparsity.reconstruction import Reconstruction, level_of

TOGETHER = 8
"""Slices that are reconstructed side by side, at most."""


class TotalVariationOfData(TunedRestorer):
    """Minimises ``1/2 |A x - y|^2 / sigma^2 + weight TV(x / level)``, for any instrument.

    As :class:`~pipeline.restorers.total_variation.TotalVariation` does for a blur; ``level`` is the noise of the
    preview. Penalised weighted least squares, as it is called in tomography (Sidky and Pan 2008, PMB 53, 4777, for
    total variation).
    """

    searched: ClassVar[dict[str, float]] = {"weight": 0.3}

    def restore(self, observation: Observation) -> Image:
        """Iterate until the scene stands still."""
        return self.restore_all([observation])[0]

    def restore_all(self, observations: Sequence[Observation]) -> list[Image]:
        """Iterate until all scenes stand still, in batches: to scan many slices costs little more than to scan one."""
        restored: dict[int, Image] = {}
        for numbers in _scanned_alike(observations):
            together = [observations[number] for number in numbers]
            scenes = self._scenes(together)
            restored |= {k: o.preview.with_pixels(s.numpy()) for k, o, s in zip(numbers, together, scenes)}
        return [restored[number] for number in range(len(observations))]

    def paths(self, observations: Sequence[Observation]) -> Iterator[tuple[Settings, list[Image]]]:
        """The one estimate of each, in batches."""
        yield self.settings, self.restore_all(observations)

    @torch.no_grad()
    def _scenes(self, observations: Sequence[Observation]) -> Tensor:
        first, *others = (observation.operator for observation in observations)
        parts = zip(*(observation.measured for observation in observations))
        data, sigma, mask = (torch.cat(part) for part in parts)
        operator = first.joined(others)
        problem = Reconstruction(
            operator, data, sigma, mask, level_of(operator, sigma), self.settings["weight"], Differences()
        )
        return problem.scene().float()


def _scanned_alike(observations: Sequence[Observation]) -> Iterator[list[int]]:
    """Numbers of observations of one shape and instrument, some at a time."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for number, observation in enumerate(observations):
        preview, described = observation.preview, tuple(observation.operator.descriptor().values())
        # Data of slices of several sizes may have one shape, and pixels of other widths shadows of other depth.
        kind = observation.measured.data.shape, preview.shape, preview.pixel_mm, described
        alike.setdefault(kind, []).append(number)
    for numbers in alike.values():
        yield from (numbers[k : k + TOGETHER] for k in range(0, len(numbers), TOGETHER))
