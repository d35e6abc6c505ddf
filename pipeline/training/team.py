"""The processes that share each batch of a training: who draws which crops, and means over all of them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.training.task import TrainingError


class Team(NamedTuple):
    """One process among those that share each batch; by default it has the batch for itself."""

    rank: int = 0
    size: int = 1

    @property
    def address(self) -> tuple[object, ...]:
        """What tells this process's random numbers from those of the first, if anything."""
        return (self.rank,) if self.rank else ()

    def slots(self, count: int) -> range:
        """Which crops of a batch of ``count`` this process draws: as many as every other one.

        Raises
        ------
        TrainingError
            If the batch cannot be shared evenly: the mean of the processes' means would not be the mean of the batch.
        """
        if count % self.size:
            raise TrainingError(
                f"a batch of {count} cannot be shared evenly by {self.size} processes; take a multiple of {self.size}"
            )
        own = count // self.size
        return range(self.rank * own, (self.rank + 1) * own)

    def mean(self, value: Tensor) -> Tensor:
        """Mean of a tensor over the processes; every one of them must ask for it."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        torch.distributed.all_reduce(total)
        return total / self.size

    def means(self, values: dict[str, Tensor]) -> dict[str, Tensor]:
        """Means of named numbers over the processes, in one exchange."""
        if self.size == 1:
            return values
        return dict(zip(values, self.mean(torch.stack([value.detach().float() for value in values.values()]))))


ALONE = Team()
"""One process that has every batch for itself."""
