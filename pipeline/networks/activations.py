"""What makes a network more than one linear filter: activation functions, by name."""

from __future__ import annotations

from torch import Tensor, nn


class SimpleGate(nn.Module):
    """The product of two halves of the channels, which is all the non-linearity there is (Chen et al. 2022, eq. 11)."""

    def forward(self, x: Tensor) -> Tensor:
        """Shape (B, 2 C, H, W) to (B, C, H, W)."""
        first, second = x.chunk(2, dim=1)
        return first * second


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gate": SimpleGate,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
}
"""By the names of the setting ``activation``; ``gate`` alone halves the channels."""
