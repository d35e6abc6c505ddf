"""What is said when a device's memory does not hold a batch: how many crops would do, found by trial."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from pipeline.networks.evidence import Evidence
from pipeline.physics.operator import Operator
from pipeline.training.task import TrainingError


@contextmanager
def batch_that_fits(stage: str, processes: int, trial: Callable[[Any], None]) -> Iterator[list[Any]]:
    """Turn running out of device memory into one sentence with the batch that would fit.

    Gives an empty list, for the batch that this process is at when it has been drawn: nested tuples of Tensor,
    Operator and Evidence, of which the first axis counts crops.

    Parameters
    ----------
    stage : str
        For the message.
    processes : int
        How many share a batch.
    trial : callable
        Does with a smaller batch what takes the memory, without the help of other processes.

    Raises
    ------
    TrainingError
        In place of ``torch.OutOfMemoryError``.
    """
    drawn: list[Any] = []
    try:
        yield drawn
    except torch.OutOfMemoryError as error:
        # The stack that broke down holds on to every tensor of its step.
        traceback.clear_frames(error.__traceback__)
        if not drawn:
            raise TrainingError(
                f"{stage}: the device's memory does not hold a batch while it is drawn; set a smaller batch, or "
                "smaller crops"
            ) from None
        batch = drawn[0]
        crops = crops_of(batch)
        fits = _largest(crops, batch, trial)
        beside = f" ({crops} on each of {processes} devices)" if processes > 1 else ""
        advice = (
            f"{fits * processes} passed a trial; set this stage's batch to that"
            if fits
            else "not even one passed a trial; take smaller crops or a narrower network"
        )
        raise TrainingError(
            f"{stage}: the device's memory does not hold a batch of {crops * processes} crops{beside}; {advice}"
        ) from None


@contextmanager
def room_to_watch(stage: str) -> Iterator[None]:
    """Turn running out of device memory where training is watched into one sentence."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise TrainingError(
            f"{stage}: the device's memory does not hold the crops on which training is watched; take a narrower "
            "network"
        ) from None


def _largest(crops: int, batch: Any, trial: Callable[[Any], None]) -> int:
    """The greatest half, quarter, ... of a number of crops that passes the trial; 0 where not even one does."""
    while crops > 1:
        crops //= 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            trial(first_crops(batch, crops))
        except torch.OutOfMemoryError as error:
            traceback.clear_frames(error.__traceback__)
        else:
            return crops
    return 0


def _tensors(batch: Any) -> Iterator[Tensor]:
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, tuple):
        for part in batch:
            yield from _tensors(part)


def crops_of(batch: Any) -> int:
    """How many crops a batch has, nested tuples of tensors that count them on the first axis; 0 without tensors."""
    return next((len(tensor) for tensor in _tensors(batch) if tensor.ndim), 0)


def first_crops(batch: Any, count: int) -> Any:
    """The first crops of a batch; numbers that belong to no crop stay."""
    if isinstance(batch, Tensor):
        return batch[:count] if batch.ndim else batch
    if isinstance(batch, Operator | Evidence):
        return batch.of(slice(count))
    if isinstance(batch, tuple):
        parts = [first_crops(part, count) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    return batch
