"""Small numbers on the device of an image, brought there without keeping a GPU waiting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor


def sent(values: Any, device: torch.device) -> Tensor:
    """A tensor of host values on a device; a GPU fetches it when it comes to it, and nobody waits.

    Parameters
    ----------
    values : Tensor, array or sequence of numbers
        On the host. What is sent to a CPU may share its memory.
    device : torch.device
    """
    tensor = torch.as_tensor(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def the_device() -> torch.device:
    """Where images are restored, if nobody says otherwise: the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def quick_to_ask(values: Any) -> bool:
    """False for tensors on a GPU, which does all that it was told before it answers: often longer than an answer saves.

    Parameters
    ----------
    values : Tensor or array
    """
    return not (isinstance(values, Tensor) and values.is_cuda)


def planes(values: Sequence[float], like: Tensor) -> Tensor:
    """One number per band for images of shape (..., C, H, W): shape (C, 1, 1), of their type and on their device.

    The same numbers give the same tensor, which is not to be written to.
    """
    return _planes(tuple(values), like.dtype, like.device)


@lru_cache(maxsize=64)
def _planes(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    # Whoever asks first, others may need it for a gradient.
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)[:, None, None]
