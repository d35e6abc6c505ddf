"""Between a faithful network and a sharp one: as sharp as a stated loss of fidelity allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

HALVINGS = 7
"""The share is found to 1 in 128."""


@torch.no_grad()
def interpolate_weights(
    module: nn.Module, start: Mapping[str, Tensor], score: Callable[[nn.Module], float], allowed_loss: float
) -> float:
    """Move a network's weights back towards where its training started, until its score is near enough to the start's.

    Network interpolation (Wang et al. 2018, ESRGAN, section 3.4), the share chosen by bisection in place of by eye.

    Parameters
    ----------
    module : Module
        The network after training; its weights are changed in place.
    start : dict of Tensor
        Its weights before.
    score : callable
        Score of a network, the higher the better, such as PSNR in dB on the tune role.
    allowed_loss : float
        How much below the start's score the result may lie, in the score's unit.

    Returns
    -------
    float
        Share of the way from ``start`` that is kept, from 0 to 1; 1 leaves the network as it is.
    """
    end = {name: value.clone() for name, value in module.state_dict().items()}
    begin = {name: value.to(end[name].device) for name, value in start.items()}

    def moved(share: float) -> float:
        module.load_state_dict({name: torch.lerp(begin[name], end[name], share) for name in end})
        return score(module)

    least = moved(0.0) - allowed_loss
    if moved(1.0) >= least:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if moved(middle) >= least else (low, middle)
    moved(low)
    return low
