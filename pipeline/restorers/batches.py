"""Observations that are restored side by side: on a GPU many at once, on a CPU as few as its cache holds."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pipeline.observation import Observation
from pipeline.on_device import the_device
from pipeline.restorers.whitened import Whitened, whitened

LARGEST_ON_GPU = 2**25
LARGEST_ON_CPU = 2**17
"""Values of the data of a batch, at most: a CPU that has to fetch them from memory takes longer than one by one."""


def batches(observations: Sequence[Observation]) -> list[list[int]]:
    """Numbers of the observations that go together, each once: as large, and seen by instruments of one reach."""
    most = LARGEST_ON_GPU if the_device().type == "cuda" else LARGEST_ON_CPU
    alike: dict[tuple[object, ...], list[int]] = {}
    for number, observation in enumerate(observations):
        kind = (observation.preview.shape, type(observation.operator), observation.operator.halo)
        alike.setdefault(kind, []).append(number)
    found = []
    for numbers in alike.values():
        count = max(most // observations[numbers[0]].preview.pixels.size, 1)
        found += [numbers[k : k + count] for k in range(0, len(numbers), count)]
    return found


def whitened_together(observations: Sequence[Observation]) -> Whitened:
    """Some observations as one batch on the device: of shape (B, C, H, W) where one has (C, H, W)."""
    every, device = [whitened(observation) for observation in observations], the_device()
    data, weight, level = (
        torch.stack(parts).to(device) for parts in zip(*((w.data, w.weight, w.level) for w in every))
    )
    first, *others = (w.operator for w in every)
    return Whitened(data, weight, level, first.joined(others))
