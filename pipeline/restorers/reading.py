"""What a network reads of an image that may be larger than memory: windows, filled and continued by reflection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.fill import FILL_HALO, fill_masked
from pipeline.image import Mask, Pixels
from pipeline.measures.median import median_of_parts
from pipeline.tiling import Window, reflected_index
from pipeline.windowed import WindowedImage, noise_of, strips


def noise_level(seen: WindowedImage, band: int, measured: Window) -> float:
    """The noise of a band: the median of its map over what was measured."""
    return median_of_parts(lambda: (noise_of(seen.read(band, window)) for window in strips(measured)))


def read_filled(seen: WindowedImage, window: Window, measured: Window) -> tuple[Pixels, Mask, Pixels]:
    """Data, mask and noise of a window, masked pixels filled; what was not measured is its mirror image, and masked."""
    rows, beyond_rows = reflected_places(window.y0, window.y1, measured.y0, measured.height)
    columns, beyond_columns = reflected_places(window.x0, window.x1, measured.x0, measured.width)
    inside = Window(int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
    # Holes are filled before the reflection and from all that reaches them, so that no tile fills them otherwise.
    source = inside.grown(FILL_HALO).clipped(measured)
    part = seen.part(source)
    filled = fill_masked(part.pixels, part.mask)
    index = (..., (rows - source.y0)[:, None], columns - source.x0)
    beyond = beyond_rows[:, None] | beyond_columns
    return filled[index], part.mask[index] | beyond, noise_of(part)[index]


def reflected_places(start: int, stop: int, origin: int, size: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Rows or columns that stand for ``start`` to ``stop``, and which of those lie beyond ``origin`` and ``size``."""
    index = reflected_index(start - origin, stop - origin, size) + origin
    return index, index != np.arange(start, stop)


def read_reflected_values(image: WindowedImage, window: Window, measured: Window) -> Pixels:
    """Values of a window, shape (C, h, w); beyond ``measured`` their mirror image, as :func:`read_filled` has it."""
    rows, _ = reflected_places(window.y0, window.y1, measured.y0, measured.height)
    columns, _ = reflected_places(window.x0, window.x1, measured.x0, measured.width)
    inside = Window(int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
    return image.part(inside).pixels[(..., (rows - inside.y0)[:, None], columns - inside.x0)]
