"""How bright a field is, by pieces of it that are spread evenly: what is shown black, and what white."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.display import Scaling
from pipeline.image import Pixels
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

PIECES, SIDE = 4, 256
"""Pieces of a row and of a column, and their width in px."""
ENDS = (0.05, 99.95)
"""Percentiles between which the data range lies, as that of a study's truth does."""


def sample(image: WindowedImage) -> Pixels:
    """Values of 16 pieces, shape (C, N), whatever the tiles of the file."""
    height, width = (min(SIDE, size) for size in image.shape[-2:])
    tops, lefts = (
        np.linspace(0, size - side, PIECES).astype(int) for size, side in zip(image.shape[-2:], (height, width))
    )
    windows = [Window(int(top), int(left), height, width) for top in tops for left in lefts]
    planes = range(len(image.bands))
    return np.stack([np.concatenate([image.read(b, w).pixels.ravel() for w in windows]) for b in planes])


def field_scaling(about: dict[str, Any], image: WindowedImage) -> Scaling:
    """The scaling of a field's pictures: about the sky that it was trained on, over the range that it has itself.

    Parameters
    ----------
    about : dict
        What the field says of itself.
    image : WindowedImage
    """
    low, high = np.percentile(sample(image), ENDS)
    # A field of one value has no range, and is shown dark.
    span = float(high - low) or 1.0
    return Scaling(image.unit, image.bands, about["sky"], about["sky_sigma"], span)
