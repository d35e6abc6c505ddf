"""The running mean of a network's weights over the steps of a training, which is what is kept of it."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


@torch.no_grad()
def follow(mean: nn.Module, module: nn.Module, decay: float) -> None:
    """Move the mean of weights on by a step: ``mean = decay mean + (1 - decay) weights``; buffers are the module's.

    As torch's ``AveragedModel`` has it, which counts its steps on the host and keeps a GPU waiting at each of them.

    Parameters
    ----------
    mean, module : Module
        Of the same build and on the same device.
    decay : float
        0 makes the mean the weights, as in the first step.
    """
    get_ema_multi_avg_fn(decay)(list(mean.parameters()), list(module.parameters()), 0)
    for kept, new in zip(mean.buffers(), module.buffers(), strict=True):
        kept.copy_(new)
