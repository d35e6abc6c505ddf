"""A cascade of networks with the data brought back between them.

Schlemper, Caballero, Hajnal, Price and Rueckert 2018, "A deep cascade of convolutional neural networks for dynamic MR
image reconstruction", IEEE TMI 37, 491; Aggarwal, Mani and Jacob 2019, "MoDL", IEEE TMI 38, 394.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import pad

from pipeline.networks.inputs import RestorationInput
from pipeline.networks.nafnet import NAFNet


class Unrolled(nn.Module):
    """Estimate a slice from its scan in several rounds, each a NAFNet with weights of its own.

    A single network has to guess all that aliasing spread over the slice. Here each guess is held against the data, and
    what they say otherwise is brought back before the next: ``x_1 = N_1(r)`` of the first estimate ``r``, and
    ``x_k = N_k(x + R (y - A x))`` with ``x = x_(k-1)`` (Schlemper et al. 2018, section III, with the regularised
    inverse ``R`` in place of their replacement of samples).
    The network of a round sees the last estimate where the first sees the preview.

    Parameters
    ----------
    bands, descriptors : int
        See :class:`~pipeline.networks.nafnet.NAFNet`.
    rounds : int
        Networks.
    **of_each
        What else each NAFNet is built with.
    """

    size: int | None = None
    stride = 1
    receptive_radius = 0
    whole = True
    """It is shown whole slices, of any size, and every output pixel depends on all of them."""

    def __init__(self, bands: int, descriptors: int, rounds: int = 3, **of_each: Any) -> None:
        super().__init__()
        networks = [NAFNet(bands, descriptors, **of_each) for _ in range(rounds)]
        self.rounds, self._multiple = nn.ModuleList(networks), networks[0].stride

    def forward(self, inputs: RestorationInput) -> Tensor:
        """Estimate the slices in stretched units, shape (B, C, H, W)."""
        assert inputs.evidence is not None
        estimate = inputs.preview
        for number, network in enumerate(self.rounds):
            if number:
                inputs = inputs._replace(preview=estimate, inverse=inputs.evidence.completed(estimate))
            estimate = self._of_any_size(network, inputs)
        return estimate

    def _of_any_size(self, network: nn.Module, inputs: RestorationInput) -> Tensor:
        """What a NAFNet makes of slices whose sides its stride need not divide."""
        height, width = inputs.preview.shape[-2:]
        beyond = (0, -width % self._multiple, 0, -height % self._multiple)
        estimate: Tensor = network(inputs.changed(lambda planes: pad(planes, beyond, mode="reflect")))
        return estimate[..., :height, :width]
