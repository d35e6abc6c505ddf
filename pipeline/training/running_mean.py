"""The running mean of a network's weights over the steps of a training, which is what is kept of it."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


@torch.no_grad()
def follow(mean: nn.Module, module: nn.Module, decay: float, step: int) -> None:
    """Move the mean of weights on by a step: ``mean = d mean + (1 - d) weights``; buffers are the module's.

    ``d = decay (1 - decay^step) / (1 - decay^(step + 1))``: the first weights count by their age as all others do,
    which is the mean without its bias to the start (Kingma and Ba 2014, section 3). As torch's ``AveragedModel`` has
    it, which counts its steps on the host and keeps a GPU waiting at each of them.

    Parameters
    ----------
    mean, module : Module
        Of the same build and on the same device.
    decay : float
        At least 0 and below 1.
    step : int
        Steps before this one.
    """
    unbiased = decay * (1 - decay**step) / (1 - decay ** (step + 1))
    get_ema_multi_avg_fn(unbiased)(list(mean.parameters()), list(module.parameters()), 0)
    for kept, new in zip(mean.buffers(), module.buffers(), strict=True):
        kept.copy_(new)
