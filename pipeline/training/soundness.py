"""Whether losses, gradients and scores are numbers still: looked at for many steps at once."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from pipeline.training.task import TrainingError

TOGETHER = 20
"""Steps that are looked at together: to read a number from a GPU is to wait until it has done all that it was told."""


class Watch:
    """Keeps the losses of the last steps where they are until it looks at them, by itself at last.

    Who looks before weights are saved or judged saves and judges none that are lost.

    Parameters
    ----------
    stage : str
        For the message.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._waiting: list[tuple[int, list[str], Tensor]] = []

    def note(self, step: int, values: Mapping[str, Tensor]) -> None:
        """Take in losses or gradients of a step, each of shape ()."""
        self._waiting.append((step, list(values), torch.stack([value.detach().float() for value in values.values()])))
        if step - self._waiting[0][0] >= TOGETHER:
            self.look()

    def look(self) -> None:
        """Look at all that waits, in order.

        Raises
        ------
        TrainingError
            If one of the values is not finite.
        """
        waiting, self._waiting = self._waiting, []
        numbers = iter(torch.cat([values for *_, values in waiting]).tolist() if waiting else [])
        for step, names, _ in waiting:
            refuse_infinite(self._stage, step, dict(zip(names, numbers)))


def refuse_infinite(stage: str, step: int, values: Mapping[str, float]) -> None:
    """Stop a training whose numbers are none.

    Raises
    ------
    TrainingError
        If a value is not finite.
    """
    for name, value in values.items():
        if not math.isfinite(value):
            raise TrainingError(
                f"{stage}: {name} is {value} at step {step}; lower the learning rate of this stage, or look at "
                "the images for wild values"
            )
