"""What crops of a training lack, as whole observations do: they end at borders, and pixels are dead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.fill import fill_masked
from pipeline.on_device import quick_to_ask, sent

BORDER_SHARE = 0.25
"""Share of the crops that end at a border: there the network learns to do without one side."""
BAD_PIXEL_SHARE = 0.25
"""Share of the crops with dead pixels ..."""
BAD_PIXELS = 0.005
"""... and how many of theirs are dead."""


class Border(NamedTuple):
    """Where the data of a crop end, as an image ends."""

    axis: int
    """-1 where it ends at a column, -2 at a row."""
    source: NDArray[np.intp]
    """For each row or column, the one that is seen there: beyond the border, its mirror image."""
    beyond: NDArray[np.bool_]
    """True for rows or columns beyond the border."""


class Flaws(NamedTuple):
    """What one crop lacks."""

    border: Border | None
    dead: NDArray[np.bool_] | None
    """True for dead pixels, shape (H, W)."""


def draw_flaws(random: np.random.Generator, size: int) -> Flaws:
    """Draw what a square crop of ``size`` px lacks."""
    return Flaws(_border(random, size), _dead(random, size))


def flawed(data: Tensor, lost: Tensor, flaws: Sequence[Flaws], holed: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Data with lost and dead pixels and ends, filled and reflected as a restorer does.

    Parameters
    ----------
    data, lost : Tensor, shape (B, C, H, W)
        Data, and where they are lost already.
    flaws : sequence of Flaws
        Of each crop.
    holed : sequence of int
        Crops in which something may be lost already.

    Returns
    -------
    data, mask, outside : Tensor, shape (B, C, H, W), ``outside`` (B, 1, H, W)
        Data, which of them are not trusted, and what lies beyond a border.
    """
    mask, dying = lost, {slot for slot, flaw in enumerate(flaws) if flaw.dead is not None}
    if dying:
        nothing = np.zeros(data.shape[-2:], bool)
        dead = np.stack([nothing if flaw.dead is None else flaw.dead for flaw in flaws])
        mask = mask | sent(dead, data.device)[:, None]
    outside = _outside(data, flaws)
    # What lies beyond the border fills no hole within, but holes beyond it need no filling of their own.
    data = filled(data, mask | outside, sorted(dying.union(holed)))
    ending = {slot: flaw.border for slot, flaw in enumerate(flaws) if flaw.border is not None}
    if ending:
        slots = sent(list(ending), data.device)
        index = sent(np.stack([_seen(border, data.shape[-1]) for border in ending.values()]), data.device)
        data = data.index_copy(0, slots, _looked_up(data[slots], index))
    return data, mask | outside, outside


def filled(pixels: Tensor, mask: Tensor, slots: Sequence[int]) -> Tensor:
    """Fill the masked pixels of those images of a batch, shape (B, C, H, W), that may have any."""
    if quick_to_ask(mask):
        slots = [slot for slot in slots if mask[slot].any()]
    if not slots:
        return pixels
    affected = sent(slots, pixels.device)
    return pixels.index_copy(0, affected, fill_masked(pixels[affected], mask[affected]))


def _border(random: np.random.Generator, size: int) -> Border | None:
    share, at, axis, far = random.random(), random.integers(size // 2), -1 - int(random.integers(2)), random.integers(2)
    if share >= BORDER_SHARE:
        return None
    positions = np.arange(size)
    beyond = positions < at
    source = np.where(beyond, 2 * at - positions, positions)
    return Border(axis, size - 1 - source[::-1], beyond[::-1]) if far else Border(axis, source, beyond)


def _dead(random: np.random.Generator, size: int) -> NDArray[np.bool_] | None:
    if random.random() >= BAD_PIXEL_SHARE:
        return None
    return random.random((size, size), dtype=np.float32) < BAD_PIXELS


def _outside(data: Tensor, flaws: Sequence[Flaws]) -> Tensor:
    """True beyond the borders, shape (B, 1, H, W)."""
    outside = np.zeros((len(data), 1, *data.shape[-2:]), bool)
    for image, flaw in zip(outside, flaws, strict=True):
        if flaw.border is not None:
            image |= flaw.border.beyond if flaw.border.axis == -1 else flaw.border.beyond[:, None]
    return sent(outside, data.device)


def _seen(border: Border, size: int) -> NDArray[np.intp]:
    """Which pixel is seen at each of a square crop, row by row, shape (size, size)."""
    rows = columns = np.arange(size)
    rows, columns = (rows, border.source) if border.axis == -1 else (border.source, columns)
    return rows[:, None] * size + columns


def _looked_up(image: Tensor, index: Tensor) -> Tensor:
    """Pixels of images, shape (B, C, H, W), by their number, shape (B, H, W), alike in all bands."""
    places = index.flatten(1)[:, None].expand(-1, image.shape[1], -1)
    return image.flatten(2).gather(2, places).view_as(image)
