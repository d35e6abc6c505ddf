"""Strips of pictures by which a person follows a training: the same crops, side by side, as they are and should be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from pipeline.display import Picture, Scaling
from pipeline.stretch import Stretch

STRIP_ROWS = 3
"""Crops that a strip shows."""
STRIP_WIDTH = 96
"""Width in px of what it shows of each, from the middle: a strip takes about 200 KB on the disk."""
GAP = 2
"""White px between pictures."""


def strip(columns: Sequence[Tensor], stretch: Stretch, scaling: Scaling) -> Picture:
    """Lay several versions of the same crops side by side, a row per crop.

    Parameters
    ----------
    columns : sequence of Tensor, shape (B, C, H, W)
        In stretched units; the first three crops are shown.
    stretch : Stretch
        What turns them back into the unit of the image.
    scaling : Scaling

    Returns
    -------
    array, shape (H, W, 3), uint8
    """
    shown = [_middle(stretch.invert(column[:STRIP_ROWS].detach().float())) for column in columns]
    rows = [_joined([scaling.picture(crop) for crop in crops], axis=1) for crops in zip(*shown)]
    return _joined(rows, axis=0)


def _middle(crops: Tensor) -> np.ndarray:
    height, width = crops.shape[-2:]
    y, x = max(height - STRIP_WIDTH, 0) // 2, max(width - STRIP_WIDTH, 0) // 2
    return crops[..., y : y + STRIP_WIDTH, x : x + STRIP_WIDTH].cpu().numpy()


def _joined(pictures: Sequence[Picture], axis: int) -> Picture:
    gap = list(pictures[0].shape)
    gap[axis] = GAP
    parts = [pictures[0]]
    for picture in pictures[1:]:
        parts += [np.full(gap, 255, np.uint8), picture]
    return np.concatenate(parts, axis)
