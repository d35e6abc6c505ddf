"""Spatial blocks of a sky: what lies in one is alike, so blocks are what is drawn, dealt and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.physics.noise import addressed_random
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

SIDES = (512, 384, 256, 192, 128, 96, 64, 48, 32)
"""Widths of a block in px, of which the largest is taken that leaves blocks enough."""
ENOUGH = 40
"""Blocks with which halves hold 20 each."""
FEWEST = 16
"""Below that no two halves of a sky can be told from chance."""
MOST = 400
"""Blocks that are looked at; of a larger sky, so many are drawn."""
MOST_MASKED = 0.1
"""A block of which a larger share is masked, such as the corner of a turned mosaic, is no sky to compare with."""


Floats = NDArray[np.float64]


class SkyError(ClearfieldError):
    """A sky too small to be compared with."""


class Block(NamedTuple):
    """A square of one of several fields."""

    field: int
    window: Window
    trusted: float
    """Share of its pixels that are masked in no band."""


def block_side(fields: Sequence[WindowedImage]) -> int:
    """Width of the blocks of a real sky: the largest that leaves 40 of them, else the smallest.

    Raises
    ------
    SkyError
        If even these are fewer than 16.
    """
    count = 0
    for side in SIDES:
        numbers = range(sum(_whole(field, side) for field in fields))
        count = sum(1 for _ in islice(_trusted(fields, side, numbers), ENOUGH))
        if count == ENOUGH:
            return side
    if count < FEWEST:
        raise SkyError(
            f"held-out sky of {count} blocks of {SIDES[-1]} px that are not masked; {FEWEST} are needed to say how far "
            f"two pieces of real sky are apart: hold out more images, or larger ones"
        )
    return SIDES[-1]


def blocks_of(fields: Sequence[WindowedImage], side: int, *address: object, most: int = MOST) -> list[Block]:
    """Whole blocks of several fields, side by side from the corner of each; of more than ``most``, so many are drawn.

    Those of which more than a tenth is masked are left out.

    Parameters
    ----------
    fields : sequence of WindowedImage
    side : int
    *address : object
        What the drawing is a function of.
    most : int
    """
    numbers = np.arange(sum(_whole(field, side) for field in fields))
    if len(numbers) > most:
        numbers = np.sort(addressed_random(*address, "blocks").choice(len(numbers), most, replace=False))
    return list(_trusted(fields, side, numbers.tolist()))


def read_block(fields: Sequence[WindowedImage], block: Block) -> NDArray[np.float32]:
    """All bands of a block, shape (C, H, W), NaN where masked."""
    part = fields[block.field].part(block.window)
    return np.where(part.mask, np.float32(np.nan), part.pixels)


@dataclass(frozen=True)
class BlockedCatalogue:
    """The sources that lie in the blocks of a sky.

    Parameters
    ----------
    table : DataFrame
        A catalogue with the columns ``field``, the number of the field, and ``block``, that of the block.
    trusted : array, shape (blocks,)
        Share of each block that is not masked, of those without a source too.
    """

    table: pd.DataFrame
    trusted: Floats

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self.trusted)

    def values(self, quantity: str) -> list[Floats]:
        """What is known of a quantity in each block; of sources that are whole."""
        known = self.table[np.isfinite(self.table[quantity]) & self.table["whole"]]
        order = np.argsort(known["block"].to_numpy(), kind="stable")
        ends = np.searchsorted(known["block"].to_numpy()[order], np.arange(1, self.blocks))
        return np.split(known[quantity].to_numpy(np.float64)[order], ends)


def blocked(catalogue: pd.DataFrame, blocks: Sequence[Block]) -> BlockedCatalogue:
    """Give the sources of a catalogue, which names their fields by number, their blocks; those in none are left out.

    Parameters
    ----------
    catalogue : DataFrame
        Columns ``field``, ``y``, ``x``.
    blocks : sequence of Block
        All of one width.
    """
    side = blocks[0].window.height
    known = {(b.field, b.window.y0 // side, b.window.x0 // side): n for n, b in enumerate(blocks)}
    # A pixel's middle is at a whole number, so a block begins half a pixel before its first.
    rows, columns = (np.floor((catalogue[name] + 0.5) / side).astype(int) for name in ("y", "x"))
    found = np.array([known.get(key, -1) for key in zip(catalogue["field"], rows, columns)], np.intp)
    trusted = np.array([block.trusted for block in blocks], np.float64)
    return BlockedCatalogue(catalogue.assign(block=found)[found >= 0].reset_index(drop=True), trusted)


def _trusted(fields: Sequence[WindowedImage], side: int, numbers: Sequence[int]) -> Iterator[Block]:
    """The blocks of some numbers, counted through all fields, but for those that are masked."""
    first = np.concatenate([[0], np.cumsum([_whole(field, side) for field in fields])])
    for number in numbers:
        field = int(np.searchsorted(first, number, "right")) - 1
        row, column = divmod(int(number - first[field]), fields[field].area.width // side)
        window = Window(row * side, column * side, side, side)
        trusted = 1 - float(fields[field].part(window).mask.any(0).mean())
        if trusted >= 1 - MOST_MASKED:
            yield Block(field, window, trusted)


def _whole(field: WindowedImage, side: int) -> int:
    return (field.area.height // side) * (field.area.width // side)
