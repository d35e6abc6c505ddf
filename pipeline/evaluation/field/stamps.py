"""Stamps: squares of sky about sources, or side by side, in asinh of the sky's noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluation.field.sky_blocks import Block
from pipeline.evaluation.patches import PATCH, Scale
from pipeline.physics.noise import addressed_random
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage

MOST = 2000
"""Stamps that are read; of more, so many are drawn."""


class Stamps(NamedTuple):
    """Stamps about sources: pixels, shape (N, C, 32, 32), and the rows of their sources."""

    pixels: NDArray[np.float32]
    sources: pd.DataFrame


def source_stamps(
    fields: Sequence[WindowedImage], sources: pd.DataFrame, scale: Scale, *address: object, most: int = MOST
) -> Stamps:
    """Stamps about the sources of a catalogue, those nearer to a border than half a stamp left out.

    Parameters
    ----------
    fields : sequence of WindowedImage
    sources : DataFrame
        Columns ``field``, ``y``, ``x``.
    scale : Scale
        Of the real sky, for real and synthetic stamps alike.
    *address : object
        Where those are drawn that are read, of more than ``most``.
    """
    half = PATCH // 2
    corners = np.rint(sources[["y", "x"]].to_numpy(float)).astype(int).reshape(-1, 2) - half
    sizes = np.array([(f.area.height, f.area.width) for f in fields])[sources["field"].to_numpy(int)].reshape(-1, 2)
    chosen = np.flatnonzero(((corners >= 0) & (corners + PATCH <= sizes)).all(1))
    if len(chosen) > most:
        chosen = np.sort(addressed_random(*address, "stamps").choice(chosen, most, replace=False))
    kept = sources.iloc[chosen].reset_index(drop=True)
    windows = [Window(int(y), int(x), PATCH, PATCH) for y, x in corners[chosen]]
    return Stamps(_read(fields, kept["field"].tolist(), windows, scale, len(scale.sky)), kept)


def block_patches(fields: Sequence[WindowedImage], blocks: Sequence[Block], scale: Scale) -> list[NDArray[np.float32]]:
    """Patches side by side within each block, arrays of shape (n, C, 32, 32)."""
    found = []
    for block in blocks:
        inside = [w for w in tiles(Window(0, 0, block.window.height, block.window.width), PATCH) if w.height == PATCH]
        windows = [
            Window(block.window.y0 + w.y0, block.window.x0 + w.x0, PATCH, PATCH) for w in inside if w.width == PATCH
        ]
        found.append(_read(fields, [block.field] * len(windows), windows, scale, len(scale.sky)))
    return found


def scaled_block(fields: Sequence[WindowedImage], block: Block, scale: Scale) -> NDArray[np.float32]:
    """A block as an array of shape (C, H, W); NaN where masked."""
    part = fields[block.field].part(block.window)
    return np.where(part.mask, np.float32(np.nan), scale.apply(part.pixels, part.mask))


def _read(
    fields: Sequence[WindowedImage], numbers: list[int], windows: list[Window], scale: Scale, bands: int
) -> NDArray[np.float32]:
    found = np.empty((len(windows), bands, PATCH, PATCH), np.float32)
    for n, (field, window) in enumerate(zip(numbers, windows)):
        part = fields[field].part(window)
        found[n] = scale.apply(part.pixels, part.mask)
    return found
