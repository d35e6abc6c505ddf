"""The eight orientations of an image on its grid: four quarter turns, each plain and mirrored."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from pipeline.networks.inputs import RestorationInput


def mean_over_orientations(restored: Callable[[RestorationInput], Tensor], inputs: RestorationInput) -> Tensor:
    """Mean of what a network makes of all eight orientations, each turned back (Timofte et al. 2016, section 3.6).

    Only for estimates of a mean, whose errors average out: texture would, too.

    Parameters
    ----------
    restored : callable
        What the network makes of some inputs, in the unit in which the mean is to be taken.
    inputs : RestorationInput
        Height and width equal, or both multiples of the network's stride.

    Returns
    -------
    Tensor, shape (B, C, H, W)
    """
    total = torch.zeros_like(inputs.inverse)
    for turns in range(4):
        for mirrored in (False, True):
            turned = inputs.changed(lambda planes: _turned(planes, turns, mirrored))  # noqa: B023  # called at once
            total += _turned_back(restored(turned), turns, mirrored)
    return total / 8


def _turned(image: Tensor, turns: int, mirrored: bool) -> Tensor:
    image = torch.rot90(image, turns, (-2, -1))
    return image.flip(-1) if mirrored else image


def _turned_back(image: Tensor, turns: int, mirrored: bool) -> Tensor:
    image = image.flip(-1) if mirrored else image
    return torch.rot90(image, -turns, (-2, -1))
