"""Patches by which real and restored images are told apart: where they lie, and their values in sigmas of the sky."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.physics.noise import addressed_generator
from pipeline.splits import Item
from pipeline.store import ImageReader, RestoredReader
from pipeline.tiling import Window, tiles, whole

PATCH = 32
"""Width of a patch in px."""
BORDER = 16
"""Patches keep this distance from the border of an image, beyond which nobody knows what the instrument saw."""
MOST = 720
"""Patches at most; of more, so many are drawn."""
LARGEST_MASKED = 0.5
"""A patch of whose truth more than this share is masked shows nothing."""
SOFTENING = 3.0
"""Sigmas of the sky above which brightness counts by its logarithm: else one star would outweigh all texture."""
LEAST_SIGMA = 1e-4
"""Noise of the sky over the data range that is assumed at least, where the sky has none."""

T = TypeVar("T")
Patches = NDArray[np.float32]
"""Shape (N, C, 32, 32)."""


@dataclass(frozen=True)
class Place:
    """Where a patch lies: an item of the test role, and a window of its image."""

    item: Item
    window: Window


@dataclass(frozen=True)
class Scale:
    """Values as a classifier sees them: ``asinh((x - sky) / (3 sigma))`` per band.

    Parameters
    ----------
    sky, sky_sigma : tuple of float
        Level and noise of the truth's sky, per band.
    data_range : float
        Span of the truth.
    """

    sky: tuple[float, ...]
    sky_sigma: tuple[float, ...]
    data_range: float

    def apply(self, pixels: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Scale values, shape (C, H, W); what is masked in the truth becomes sky, so that nobody goes by it."""
        level = np.array(self.sky)[:, None, None]
        sigma = np.maximum(self.sky_sigma, LEAST_SIGMA * self.data_range)[:, None, None]
        return np.arcsinh(np.where(mask, 0, pixels - level) / (SOFTENING * sigma)).astype(np.float32)


class Sample:
    """The same places in the truth and in what any method made of them.

    Parameters
    ----------
    truth : ImageReader
        ``images.h5``; its notes tell the scale.
    items : sequence of Item
        Of the test role.
    seed : int
        The study's; of more than 720 patches it draws so many.
    """

    def __init__(self, truth: ImageReader, items: Sequence[Item], seed: int) -> None:
        noted = truth.attributes
        self._scale = Scale(tuple(noted["sky"]), tuple(noted["sky_sigma"]), float(noted["data_range"]))
        self._places: list[Place] = []
        real: list[NDArray[np.float32]] = []
        masks: list[NDArray[np.bool_]] = []
        for item, windows in _by_item(places(items, truth.shape, seed)):
            pixels, mask = truth.pixels(item.image, item.window), truth.mask(item.image, item.window)
            for window in windows:
                inside = (slice(None), *window.relative_to(item.window).slices)
                if mask[inside].mean() <= LARGEST_MASKED:
                    self._places.append(Place(item, window))
                    masks.append(mask[inside])
                    real.append(self._scale.apply(pixels[inside], mask[inside]))
        self._masks = masks
        self.real = np.stack(real) if real else np.empty((0, 1, PATCH, PATCH), np.float32)
        """The truth, shape (N, C, 32, 32)."""

    @property
    def items(self) -> list[Item]:
        """The item of each patch."""
        return [place.item for place in self._places]

    def restored(self, made: RestoredReader) -> Patches:
        """What a method made of the places, shape (N, C, 32, 32), each restored by the fold that never saw it."""
        cut = []
        masks = iter(self._masks)
        for item, windows in _by_item(self._places):
            pixels = made.pixels(item.item)
            for window in windows:
                inside = (slice(None), *window.relative_to(item.window).slices)
                cut.append(self._scale.apply(pixels[inside], next(masks)))
        return np.stack(cut)


def places(items: Sequence[Item], shape: Callable[[str], tuple[int, ...]], seed: int) -> list[Place]:
    """Lay patches side by side over the test items, away from the borders of their images.

    Parameters
    ----------
    items : sequence of Item
        Of the test role.
    shape : callable
        Gives the shape (C, H, W) of an image.
    seed : int
        The study's; of more than 720 patches it draws so many.

    Returns
    -------
    list of Place
        In the order of the items.
    """
    generator = np.random.default_rng(addressed_generator(seed, "discern", "places").initial_seed() % 2**63)
    found = []
    for item in _drawn(items, generator):
        inner = item.window.clipped(whole(*shape(item.image)[-2:]).grown(-BORDER))
        # Counted from the corner of what is left, so that as many as possible are whole.
        for tile in tiles(Window(0, 0, inner.height, inner.width), PATCH):
            if (tile.height, tile.width) == (PATCH, PATCH):
                found.append(Place(item, Window(inner.y0 + tile.y0, inner.x0 + tile.x0, PATCH, PATCH)))
    return _drawn(found, generator)


def _drawn(things: Sequence[T], generator: np.random.Generator) -> list[T]:
    """All things, or as many as there are patches at most, in their order."""
    return [things[i] for i in np.sort(generator.permutation(len(things))[:MOST])]


def _by_item(found: Sequence[Place]) -> Iterator[tuple[Item, list[Window]]]:
    for item, several in groupby(found, key=lambda place: place.item):
        yield item, [place.window for place in several]
