"""A discriminator that is shown its images changed at random, the more often the more it knows by heart.

Karras, Aittala, Hellsten, Laine, Lehtinen and Aila 2020, "Training generative adversarial networks with limited data"
(ADA), NeurIPS; arXiv 2006.06676. What is changed alike in real and restored images does not show in what is restored.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn

MOST = 0.8
"""Above this probability changes would leak into what is restored (ADA, section 2.2)."""
LARGEST_MOVE = 0.125
"""Images are moved by up to this share of their width ..."""
SCALE_SPREAD = 0.2 * math.log(2)
"""... enlarged by a factor with this spread of its logarithm ..."""
CUT_OUT = 0.5
"""... and lose a square of this share of their width (ADA, appendix B)."""


class Changes(NamedTuple):
    """Numbers by which the images of a batch are changed."""

    even: Tensor
    """Between 0 and 1, shape (B, 7)."""
    normal: Tensor
    """Of standard deviation 1, shape (B,)."""


def draw_changes(count: int, random: Generator) -> Changes:
    """Draw the changes of ``count`` images, whatever the probability may be by which they are made."""
    return Changes(torch.rand(count, 7, generator=random), torch.randn(count, generator=random))


class AdaptiveJudge(nn.Module):
    """A discriminator behind changes of all that it is shown alike: turns, moves, sizes, and a square cut out.

    While it trains, each image is turned, moved and enlarged with the present probability, and cut with the same. Every
    call of a step makes the same changes: a restored image is changed as its truth is.

    Parameters
    ----------
    judge : Module
        Takes images of shape (B, C, H, W): a candidate, and its observation where it has one.
    target : float
        Overfitting that is held: :func:`~pipeline.training.balance.overfitting` or its sign.
    images : float
        Truths that are seen while the probability moves from 0 to 1.
    """

    probability: Tensor
    seen: Tensor

    def __init__(self, judge: nn.Module, target: float, images: float) -> None:
        super().__init__()
        self.judge, self._target, self._images = judge, target, images
        # With the weights, so that a checkpoint has them.
        self.register_buffer("probability", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(()))
        # On the host: to look at the buffer at every call would keep a GPU waiting.
        self._known: float | None = None
        self._changes: Changes | None = None

    def _load_from_state_dict(self, *args: Any) -> None:
        super()._load_from_state_dict(*args)
        self._known = None

    def forward(self, *images: Tensor) -> Tensor:
        """Logits, as the judge gives them."""
        return self.judge(*self._changed(images))

    def judged(self, *images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and the features that they come from."""
        return self.judge.judged(*self._changed(images))  # type: ignore[operator]  # its own

    def show(self, changes: Changes) -> None:
        """Change images so until the next step."""
        self._changes = changes

    def count(self, truths: int) -> None:
        """Take note of truths that a step shows."""
        self.seen.add_(truths)

    def adapt(self, overfitting: float) -> None:
        """Move the probability by as much as the truths allow that were seen since the last time."""
        step = float(self.seen) / self._images
        self.probability.add_(math.copysign(step, overfitting - self._target)).clamp_(0, MOST)
        self.seen.zero_()
        self._known = None

    def _changed(self, images: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if self._known is None:
            self._known = float(self.probability)
        if not self.training or self._known == 0 or self._changes is None:
            return images
        all_planes = changed(torch.cat(images, 1), self._known, self._changes)
        return all_planes.split([image.shape[1] for image in images], 1)


def changed(images: Tensor, probability: float, changes: Changes) -> Tensor:
    """Turn, move and enlarge some images, and cut a square out of some; all planes of one alike.

    Interpolation is linear, between pixels that are looked up: unlike torch's ``grid_sample`` it has the second
    derivatives that a penalty on the slope needs.

    Parameters
    ----------
    images : Tensor, shape (B, C, H, W)
        Continued by reflection.
    probability : float
        With which an image is moved, and with which it is cut.
    changes : Changes
        Of as many images, on their device.
    """
    draws = changes.even.T
    moves = draws[0] < probability
    angle = torch.where(moves, 2 * math.pi * draws[1], 0).to(images)
    scale = torch.where(moves, (changes.normal * SCALE_SPREAD).exp(), 1).to(images)
    shift = torch.where(moves, LARGEST_MOVE * (2 * draws[2:4] - 1), 0).to(images)
    cut = _square(draws[4:6], images.shape[-2:]) & (draws[6] < probability)[:, None, None, None]
    return _looked_up(images, angle, scale, shift).masked_fill(cut, 0)


def _looked_up(images: Tensor, angle: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    down, right = torch.meshgrid(
        torch.arange(height, device=images.device) - (height - 1) / 2,
        torch.arange(width, device=images.device) - (width - 1) / 2,
        indexing="ij",
    )
    cosine, sine = ((f(angle) / scale)[:, None, None] for f in (torch.cos, torch.sin))
    row = cosine * down + sine * right + (height - 1) / 2 + height * shift[0][:, None, None]
    column = cosine * right - sine * down + (width - 1) / 2 + width * shift[1][:, None, None]
    top, left = row.floor(), column.floor()
    below, beside = (row - top)[:, None], (column - left)[:, None]

    def at(row: Tensor, column: Tensor) -> Tensor:
        index = _folded(row, height) * width + _folded(column, width)
        index = index.flatten(1)[:, None].expand(-1, images.shape[1], -1)
        return images.flatten(2).gather(2, index).unflatten(2, (height, width))

    upper = torch.lerp(at(top, left), at(top, left + 1), beside)
    return torch.lerp(upper, torch.lerp(at(top + 1, left), at(top + 1, left + 1), beside), below)


def _folded(places: Tensor, size: int) -> Tensor:
    """Whole places folded into [0, size) by reflection that does not repeat the border."""
    period = 2 * (size - 1)
    places = places.long() % period
    return torch.minimum(places, period - places)


def _square(centres: Tensor, size: torch.Size) -> Tensor:
    """True within a square about a place of each image, shape (B, 1, H, W)."""
    near = [
        (torch.arange(length, device=centre.device) - length * centre[:, None]).abs() < CUT_OUT / 2 * length
        for length, centre in zip(size, centres)
    ]
    return (near[0][:, :, None] & near[1][:, None, :])[:, None]
