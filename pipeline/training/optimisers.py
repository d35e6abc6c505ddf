"""Optimisers by name, each with the momenta that are customary for restoring networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch.nn import Parameter
from torch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Optimizer, RMSprop

WEIGHT_DECAY = 1e-3

OPTIMISERS: dict[str, Callable[[Iterable[Parameter], float], Optimizer]] = {
    # Betas and decay as Chen et al. 2022 (NAFNet) train restoring networks.
    "adamw": lambda weights, rate: AdamW(weights, rate, betas=(0.9, 0.9), weight_decay=WEIGHT_DECAY),
    "adam": lambda weights, rate: Adam(weights, rate, betas=(0.9, 0.9)),
    "rmsprop": lambda weights, rate: RMSprop(weights, rate, alpha=0.9),
    "adagrad": lambda weights, rate: Adagrad(weights, rate),
    "adadelta": lambda weights, rate: Adadelta(weights, rate),
    "momentum": lambda weights, rate: SGD(weights, rate, momentum=0.9, nesterov=True),
}
"""By the names of the setting ``regression.optimiser``."""
