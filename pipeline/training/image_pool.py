"""Images that a generator made in earlier steps, for a discriminator not to forget (Shrivastava et al. 2017).

What is drawn from the pool is a function of the step, and the pool a part of the discriminator's state: a training that
was killed goes on with the same images.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pipeline.physics.noise import addressed_random


class Draw(NamedTuple):
    """What becomes of a new image."""

    place: int | None
    """Where it is kept; None where it is not."""
    old: bool
    """Whether what was kept there is shown in its stead."""


class ImagePool(nn.Module):
    """Up to ``size`` images; until there are so many all are kept, and then half, in place of one that is shown.

    Parameters
    ----------
    size, bands, crop : int
    """

    kept: Tensor

    def __init__(self, size: int, bands: int, crop: int) -> None:
        super().__init__()
        self.register_buffer("kept", torch.zeros(size, bands, crop, crop))

    def draws(self, *address: object, step: int, count: int) -> list[Draw]:
        """What becomes of the ``count`` new images of a step."""
        size, found = len(self.kept), []
        for slot in range(count):
            number, random = step * count + slot, addressed_random(*address, step, slot)
            if number < size:
                found.append(Draw(number, False))
            elif size and random.random() < 0.5:
                found.append(Draw(int(random.integers(size)), True))
            else:
                found.append(Draw(None, False))
        return found

    def shown(self, new: Tensor, draws: list[Draw]) -> Tensor:
        """What a discriminator sees in place of new images, shape (B, C, H, W)."""
        return torch.stack([self.kept[d.place] if d.old else image for image, d in zip(new, draws)])

    def keep(self, new: Tensor, draws: list[Draw]) -> None:
        """Keep those of the new images that are to be."""
        for image, draw in zip(new, draws):
            if draw.place is not None:
                self.kept[draw.place] = image
