"""What an audit works on: pieces of sky that the restorer never learned from, as the instrument saw them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pipeline.image import Image, Pixels
from pipeline.observation import Observation
from pipeline.tiling import Window

Width = Callable[[Observation], Pixels]
"""The width of a restorer's own interval at each pixel, shape (C, H, W), in the unit of the image: the seam at which
calibrated intervals join the audit (:func:`pipeline.audit.unlike.unlike_inputs`)."""


@dataclass(frozen=True, eq=False)
class Specimen:
    """A held-out item with the sky around it that a restorer may read.

    Parameters
    ----------
    seen : Observation
    core : Window
        The part of it that counts.
    truth : Image, optional
        On the grid of ``seen``; none for an image of a user's.
    again : Observation, optional
        Another exposure of the same, on the same grid.
    """

    seen: Observation
    core: Window
    truth: Image | None = None
    again: Observation | None = None

    @property
    def counted(self) -> Window:
        """The part that counts and whose light was all seen: a halo away from the border."""
        inner = self.seen_area.grown(-self.seen.operator.halo)
        return self.core.clipped(inner) if min(inner.height, inner.width) > 0 else self.core

    @property
    def seen_area(self) -> Window:
        """All that was read."""
        return Window(0, 0, *self.seen.preview.shape[-2:])

    def part(self, pixels: Pixels) -> Pixels:
        """What of an image on the grid of ``seen`` counts."""
        return pixels[(..., *self.counted.slices)]


def with_data(observation: Observation, pixels: Pixels, sigma: Pixels | None = None) -> Observation:
    """An observation of other data by the same instrument."""
    preview = observation.preview.with_pixels(np.asarray(pixels, np.float32))
    return replace(observation, preview=preview if sigma is None else replace(preview, sigma=sigma))
