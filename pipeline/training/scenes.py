"""The sky that a fold may learn from: regions of truth, kept clear of every other role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.image import Image
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.splits import Item, Role
from pipeline.store import read_images
from pipeline.tiling import Window

LARGEST_IN_MEMORY = 4 * 2**30
"""Bytes of truth up to which the regions are held in memory; larger studies are read window by window."""


class SceneError(ClearfieldError):
    """A fold that has nothing to learn from."""


@dataclass(frozen=True)
class Region:
    """A rectangle of one image that a role may use."""

    image: str
    window: Window


@dataclass(frozen=True)
class SceneStatistics:
    """What a fold's training role says of its images, one value per band, in their unit."""

    sky: tuple[float, ...]
    sky_sigma: tuple[float, ...]
    span: tuple[float, ...]
    """Distance between the 0.05 and 99.95 percentiles."""
    variance: tuple[float, ...]
    """Variance of the scene, values above the 99.5 percentile clipped: stars would outweigh everything."""


def regions(splits: Sequence[Item], fold: int | None, role: Role, guard: int) -> list[Region]:
    """Rectangles of a role, with ``guard`` pixels between them and every item of another role in the same image.

    Parameters
    ----------
    splits : sequence of Item
    fold : int or None
        None takes all items of fold 0's table, whatever their role: for the model that is trained on everything.
    role : str
    guard : int
        Pixels of distance; 0 where the rectangle is only read, not learned from.

    Raises
    ------
    SceneError
        If nothing is left.
    """
    items = [i for i in splits if i.fold == (fold or 0)]
    chosen = [i for i in items if fold is None or i.role == role]
    others: dict[str, list[Window]] = {}
    for item in items:
        if item not in chosen:
            others.setdefault(item.image, []).append(item.window)
    merged = _merged([Region(i.image, i.window) for i in chosen])
    kept = [Region(r.image, _kept_clear(r.window, others.get(r.image, []), guard)) for r in merged]
    kept = [r for r in kept if r.window.height > 0 and r.window.width > 0]
    if not kept:
        raise SceneError(
            f"fold {fold}: nothing is left for the role {role!r} beside the guards; take fewer folds or smaller blocks"
        )
    return kept


class Scenes:
    """Truth of some regions, from memory where it fits.

    Parameters
    ----------
    path : path
        ``images.h5``.
    regions : list of Region
    """

    def __init__(self, path: str | Path, regions: list[Region]) -> None:
        self._path, self.regions = path, regions
        with read_images(path) as images:
            bands = images.shape(regions[0].image)[0]
            size = 4 * bands * sum(r.window.height * r.window.width for r in regions)
            self._loaded = [images.image(r.image, r.window) for r in regions] if size <= LARGEST_IN_MEMORY else None
        area = np.array([r.window.height * r.window.width for r in regions], dtype=float)
        self.share = area / area.sum()

    def __len__(self) -> int:
        return len(self.regions)

    def region(self, index: int) -> Image:
        """Truth of one region."""
        if self._loaded is not None:
            return self._loaded[index]
        with read_images(self._path) as images:
            return images.image(self.regions[index].image, self.regions[index].window)

    def statistics(self, sample: int = 256) -> SceneStatistics:
        """Sky, noise and span, measured on up to ``sample`` evenly chosen regions."""
        chosen = np.unique(np.linspace(0, len(self) - 1, min(sample, len(self))).astype(int))
        pictures = [self.region(i) for i in chosen]
        bands = [_trusted(pictures, c) for c in range(pictures[0].shape[0])]
        sky = [sky_level_and_sigma(values) for values in bands]
        low, high, bright = np.array([np.percentile(values, (0.05, 99.95, 99.5)) for values in bands]).T
        variance = [np.minimum(values, limit).var() for values, limit in zip(bands, bright)]
        return SceneStatistics(
            tuple(level for level, _ in sky),
            tuple(sigma for _, sigma in sky),
            tuple(float(v) for v in high - low),
            tuple(float(v) for v in variance),
        )


def _trusted(pictures: list[Image], band: int) -> NDArray[np.floating]:
    return np.concatenate([p.pixels[band][~p.mask[band]] for p in pictures]).astype(np.float64)


def _merged(found: list[Region]) -> list[Region]:
    """Join rectangles that touch along a whole side, so that crops may lie across blocks."""
    result: list[Region] = []
    for region in found:
        for index, other in enumerate(result):
            joined = _joined(other.window, region.window) if other.image == region.image else None
            if joined is not None:
                result[index] = Region(region.image, joined)
                break
        else:
            result.append(region)
    return _merged(result) if len(result) < len(found) else result


def _joined(a: Window, b: Window) -> Window | None:
    if (a.x0, a.width) == (b.x0, b.width) and (a.y1 == b.y0 or b.y1 == a.y0):
        return Window(min(a.y0, b.y0), a.x0, a.height + b.height, a.width)
    if (a.y0, a.height) == (b.y0, b.height) and (a.x1 == b.x0 or b.x1 == a.x0):
        return Window(a.y0, min(a.x0, b.x0), a.height, a.width + b.width)
    return None


def _kept_clear(window: Window, others: list[Window], guard: int) -> Window:
    """Cut from a rectangle what lies within ``guard`` of another one, along the side that costs least."""
    for other in others:
        near = window.clipped(other.grown(guard))
        if near.height == 0 or near.width == 0:
            continue
        parts = [
            Window(window.y0, window.x0, near.y0 - window.y0, window.width),
            Window(near.y1, window.x0, window.y1 - near.y1, window.width),
            Window(window.y0, window.x0, window.height, near.x0 - window.x0),
            Window(window.y0, near.x1, window.height, window.x1 - near.x1),
        ]
        window = max(parts, key=lambda part: part.height * part.width)
    return window
