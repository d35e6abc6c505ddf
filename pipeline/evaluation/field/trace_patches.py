"""Patches of real and synthetic sky that differ in the sky alone: one quantisation, one phase of the pixel grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.quantisation import levels_of, rounded
from pipeline.evaluation.field.sky_blocks import Block, block_side, blocks_of, read_block
from pipeline.physics.noise import addressed_random
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

WIDTH = 64
"""Px of a patch, or of a block where blocks are smaller."""
PHASE = 16
"""Patches begin at multiples of this in their image: blocks of JPEG and cells of generators repeat after as many px."""
MOST = 360
"""Patches of a sky at most; of more, so many are drawn."""
PARTS = 3
"""Runs of blocks, each of which is judged by a classifier that learned on the others."""
ENOUGH_BLOCKS = 16
"""Blocks by whose values the steps of quantisation are known."""


@dataclass(frozen=True, eq=False)
class SkyPatches:
    """Patches of one sky, no pixel of them masked.

    Parameters
    ----------
    pixels : array, shape (N, C, S, S)
        In the unit of the image.
    field : array, shape (N,)
        Number of the piece of sky.
    corner : array, shape (N, 2)
        Row and column of the first pixel in its image.
    block, part : array, shape (N,)
        What is near each other is in one block; a classifier that judges a part has learned on the others.
    """

    pixels: NDArray[np.float32]
    field: NDArray[np.intp]
    corner: NDArray[np.int64]
    block: NDArray[np.intp]
    part: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.pixels)


class TraceSky:
    """A real sky, by which patches of any sky are cut.

    Parameters
    ----------
    fields : sequence of WindowedImage
        Pieces of the sky that no generator saw.
    origins : sequence of (int, int)
        Where each begins in its image.
    seed : int

    Raises
    ------
    SkyError
        If it has fewer than 16 blocks of 32 px.
    """

    def __init__(self, fields: Sequence[WindowedImage], origins: Sequence[tuple[int, int]], seed: int) -> None:
        aligned, _ = _aligned(fields, origins)
        side = block_side(aligned)
        self._side, self._seed = max(side // WIDTH * WIDTH, min(side, WIDTH)), seed
        self._width = min(side, WIDTH)
        blocks = blocks_of(aligned, self._side, seed, "traces", "real")
        self._levels = levels_of([read_block(aligned, block) for block in blocks[:ENOUGH_BLOCKS]])
        self._blocks = len(blocks)
        self.patches = self.cut(fields, origins, "real")

    def cut(self, fields: Sequence[WindowedImage], origins: Sequence[tuple[int, int]], name: str) -> SkyPatches:
        """Patches of a sky, from as many blocks as the real one has at most, rounded to the real one's steps.

        Parameters
        ----------
        fields, origins
            As those of the real sky.
        name : str
            What is drawn, of more blocks and patches than are taken, is a function of it and of the seed.
        """
        aligned, corners = _aligned([rounded(field, self._levels) for field in fields], origins)
        blocks = blocks_of(aligned, self._side, self._seed, "traces", name, most=self._blocks)
        random = addressed_random(self._seed, "traces", name, "patches")
        found = [
            (number, block.field, window)
            for number, block in enumerate(blocks)
            for window in self._windows(block, max(MOST // len(blocks), 1), random)
        ]
        kept = [(*where, part.pixels) for where in found if not (part := aligned[where[1]].part(where[2])).mask.any()]
        numbers, pieces = (np.array([each[i] for each in kept], np.intp) for i in (0, 1))
        places = [(w.y0 + corners[field][0], w.x0 + corners[field][1]) for _, field, w, _ in kept]
        empty = np.empty((0, len(fields[0].bands), self._width, self._width), np.float32)
        pixels = np.stack([each[3] for each in kept]) if kept else empty
        # In runs, so that few blocks have a neighbour in another part.
        return SkyPatches(
            pixels, pieces, np.array(places, np.int64).reshape(-1, 2), numbers, numbers * PARTS // max(len(blocks), 1)
        )

    def _windows(self, block: Block, most: int, random: np.random.Generator) -> list[Window]:
        """Whole patches side by side in a block, at most so many."""
        across = self._side // self._width
        numbers = np.arange(across**2)
        if len(numbers) > most:
            numbers = np.sort(random.choice(numbers, most, replace=False))
        places = [divmod(int(number), across) for number in numbers]
        top, left, width = block.window.y0, block.window.x0, self._width
        return [Window(top + row * width, left + column * width, width, width) for row, column in places]


def _aligned(
    fields: Sequence[WindowedImage], origins: Sequence[tuple[int, int]]
) -> tuple[list[WindowedImage], list[tuple[int, int]]]:
    """The fields from their first pixel on that lies on the grid of phases, and where that is in their images."""
    cut, corners = [], []
    for field, (y0, x0) in zip(fields, origins):
        top, left = -y0 % PHASE, -x0 % PHASE
        cut.append(field.cut(Window(top, left, field.area.height, field.area.width).clipped(field.area)))
        corners.append((y0 + top, x0 + left))
    return cut, corners
