"""What a training task must say, so that one loop can train it: players, batches, losses, validation.

Tasks build their optimisers, since a recipe's optimiser is part of the method; the loop moves them.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from pipeline.display import Picture
from pipeline.errors import ClearfieldError


class TrainingError(ClearfieldError):
    """A training that went wrong and says so."""


class Player(NamedTuple):
    """A network with its own objective and optimiser; players move in turn within each step."""

    module: nn.Module
    optimiser: Optimizer


class Task(Protocol):
    """One stage of training. A task owns its networks, batches, losses and validation."""

    stage: str
    """Name of the stage, for files and logs."""
    address: tuple[object, ...]
    """Where this training's random numbers lie: (seed, network, fold)."""
    steps: int
    players: dict[str, Player]
    """Who moves, in order."""
    kept: str
    """The player whose running mean of weights is the result."""

    def rate(self, step: int, /) -> float:
        """Factor on every optimiser's learning rate at a step."""
        ...

    def batch(self, step: int) -> Any:
        """What all players see at a step: nested tuples of tensors that count crops on the first axis.

        A function of the step alone; of several processes, each gives its own part.
        """
        ...

    def losses(self, player: str, batch: Any, modules: dict[str, nn.Module]) -> dict[str, Tensor]:
        """What a player minimises, under ``total``, and what else is worth logging.

        ``modules`` are the players' networks: this player's wrapped for the device and its precision, the others' bare
        and with weights that take no gradient.
        """
        ...

    def stepped(self, values: dict[str, Tensor]) -> None:
        """Told after each step what all players' losses were, as ``<player>_<name>``, means over the processes."""
        ...

    def validate(self, module: nn.Module) -> dict[str, float]:
        """Scores of the kept network on the tune role, by name."""
        ...

    def strips(self, module: nn.Module) -> dict[str, Picture]:
        """What the kept network does, for the eye, by name: the same samples of the tune role at every look."""
        ...

    def finish(self, module: nn.Module) -> dict[str, float]:
        """What is done to the kept network when training has ended, in place; scores that it changes, by name."""
        ...
