"""An image of any size, in memory or in files: all of it is known but the pixels, which are read by windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pipeline.image import Image, Mask, Pixels
from pipeline.tiling import Window, whole

STRIP = 2**20
"""Pixels of a band that are held together while a whole image is looked through."""


class Plane(NamedTuple):
    """Part of one band, arrays of shape (H, W), as an :class:`~pipeline.image.Image` has them for all bands."""

    pixels: Pixels
    mask: Mask
    sigma: Pixels | None = None


@dataclass(frozen=True, eq=False)
class WindowedImage:
    """An image whose pixels are read band by band and window by window.

    Parameters
    ----------
    id, unit, bands, pixel_scale, header
        As those of an :class:`~pipeline.image.Image`.
    shape : tuple of int
        (C, H, W).
    read : callable
        ``read(band, window)`` gives the part of a band, counted from 0, that lies in a window inside the image. What a
        masked pixel holds may depend on the window, and nothing else does.
    planes : tuple of str
        What the planes of its files are, in the order in which they lie there, those that are no part of the image too;
        empty where neither a file nor a configuration names them.
    """

    id: str
    shape: tuple[int, ...]
    unit: str
    bands: tuple[str, ...]
    read: Callable[[int, Window], Plane]
    pixel_scale: float | None = None
    header: str | None = None
    planes: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: Image) -> WindowedImage:
        """An image that is in memory; nothing is copied."""

        def read(band: int, window: Window) -> Plane:
            part = (band, *window.slices)
            return Plane(image.pixels[part], image.mask[part], image.sigma[part] if image.sigma is not None else None)

        return cls(image.id, image.shape, image.unit, image.bands, read, image.pixel_scale, image.header)

    @property
    def area(self) -> Window:
        """The window that is the image."""
        return whole(*self.shape[-2:])

    def changed(self, change: Callable[[int, Window, Plane], Plane]) -> WindowedImage:
        """The same image with other values: ``change(band, window, plane)`` is called on each part that is read."""
        return replace(self, read=lambda band, window: change(band, window, self.read(band, window)))

    def cut(self, window: Window) -> WindowedImage:
        """A window inside the image as an image of its own, of which nothing is read yet."""

        def read(band: int, part: Window) -> Plane:
            return self.read(band, Window(part.y0 + window.y0, part.x0 + window.x0, part.height, part.width))

        return replace(self, shape=(len(self.bands), window.height, window.width), read=read)

    def part(self, window: Window, group: str = "") -> Image:
        """All bands of a window as an image in memory, under the header of the whole."""
        shape = (len(self.bands), window.height, window.width)
        pixels, mask, sigma = np.empty(shape, np.float32), np.empty(shape, bool), None
        for band in range(shape[0]):
            pixels[band], mask[band], noise = self.read(band, window)
            if noise is not None:
                sigma = np.empty_like(pixels) if sigma is None else sigma
                sigma[band] = noise
        return Image(
            self.id, pixels, mask, self.unit, self.bands, group, sigma,
            pixel_scale=self.pixel_scale, header=self.header,
        )  # fmt: skip

    def strips(self, band: int, overlap: int = 0) -> Iterator[Plane]:
        """A band from top to bottom, in strips of its full width; each repeats ``overlap`` rows of the last."""
        return (self.read(band, window) for window in strips(self.area, overlap))


def noise_of(part: Plane | Image) -> Pixels:
    """The noise of a part that is known to have it.

    Raises
    ------
    ValueError
        If it has none.
    """
    if part.sigma is None:
        raise ValueError("an observation without a noise map")
    return part.sigma


def strips(area: Window, overlap: int = 0) -> Iterator[Window]:
    """Cut an area into strips of its full width and at most a million pixels, from top to bottom.

    Parameters
    ----------
    area : Window
    overlap : int
        Rows that a strip has in common with the one before it.
    """
    step = max(STRIP // area.width, 1)
    for y in range(area.y0, max(area.y1 - overlap, area.y0 + 1), step):
        yield Window(y, area.x0, step + overlap, area.width).clipped(area)


def trusted_window(image: WindowedImage) -> Window | None:
    """The smallest window that holds every trusted pixel of an image, or None where there is none."""
    rows, columns = np.zeros(image.shape[-2], bool), np.zeros(image.shape[-1], bool)
    for band in range(len(image.bands)):
        for window, plane in zip(strips(image.area), image.strips(band)):
            rows[window.slices[0]] |= ~plane.mask.all(1)
            columns |= ~plane.mask.all(0)
    if not rows.any():
        return None
    (top, bottom), (left, right) = np.flatnonzero(rows)[[0, -1]], np.flatnonzero(columns)[[0, -1]]
    return Window(int(top), int(left), int(bottom - top) + 1, int(right - left) + 1)
