"""Spatial blocks of a sky: what lies in one is alike, so blocks are what is drawn, dealt and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.image import Image
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


Floats = NDArray[np.float64]


class SkyError(ClearfieldError):
    """A sky too small to be compared with."""


class Block(NamedTuple):
    """A square of one of several fields."""

    field: int
    window: Window


def block_side(fields: Sequence[WindowedImage]) -> int:
    """Width of the blocks of a real sky: the largest that leaves 40 of them, else the smallest.

    Raises
    ------
    SkyError
        If even these are fewer than 16.
    """
    counts = {side: sum(_whole(field, side) for field in fields) for side in SIDES}
    for side in SIDES:
        if counts[side] >= ENOUGH:
            return side
    if counts[SIDES[-1]] < FEWEST:
        raise SkyError(
            f"held-out sky of {counts[SIDES[-1]]} blocks of {SIDES[-1]} px; {FEWEST} are needed to say how far two "
            f"pieces of real sky are apart: hold out more images, or larger ones"
        )
    return SIDES[-1]


def blocks_of(fields: Sequence[WindowedImage], side: int, *address: object, most: int = MOST) -> list[Block]:
    """Whole blocks of several fields, side by side from the corner of each; of more than ``most``, so many are drawn.

    Parameters
    ----------
    fields : sequence of WindowedImage
    side : int
    *address : object
        What the drawing is a function of.
    most : int
    """
    counts = [_whole(field, side) for field in fields]
    total = sum(counts)
    numbers = np.arange(total)
    if total > most:
        numbers = np.sort(addressed_random(*address, "blocks").choice(total, most, replace=False))
    first = np.concatenate([[0], np.cumsum(counts)])
    found = []
    for number in numbers:
        field = int(np.searchsorted(first, number, "right")) - 1
        row, column = divmod(int(number - first[field]), fields[field].area.width // side)
        found.append(Block(field, Window(row * side, column * side, side, side)))
    return found


def read_block(fields: Sequence[WindowedImage], block: Block) -> Image:
    """All bands of a block."""
    return fields[block.field].part(block.window)


@dataclass(frozen=True)
class BlockedCatalogue:
    """The sources that lie in the blocks of a sky.

    Parameters
    ----------
    table : DataFrame
        A catalogue with the columns ``field``, the number of the field, and ``block``, that of the block.
    blocks : int
        How many blocks there are, those without a source too.
    """

    table: pd.DataFrame
    blocks: int

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
    return BlockedCatalogue(catalogue.assign(block=found)[found >= 0].reset_index(drop=True), len(blocks))


def _whole(field: WindowedImage, side: int) -> int:
    return (field.area.height // side) * (field.area.width // side)
