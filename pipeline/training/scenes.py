"""The sky that a fold may learn from: regions of truth, kept clear of every other role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.image import Mask, Pixels
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.splits import Item, Role
from pipeline.store import ImageReader, read_images
from pipeline.tiling import Window, reflected_index

LARGEST_IN_MEMORY = 2**30
"""Bytes of truth and mask up to which the regions are held in memory; larger studies are read window by window."""
LARGEST_SAMPLE = 2**22
"""Pixels per band on which a fold's statistics are measured, at most ..."""
SAMPLED_REGIONS = 256
"""... and regions from which they come, evenly chosen."""
LARGEST_SKY = 2**17
"""Pixels per band on which the sky of one region is measured, at most."""
_STRIP = 256


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
    brightest: tuple[float, ...]
    """The largest value that was looked at."""


def regions(splits: Sequence[Item], fold: int | None, role: Role, guard: int) -> list[Region]:
    """Rectangles of a role, with ``guard`` pixels between them and every item of another role in the same image.

    Parameters
    ----------
    splits : sequence of Item
    fold : int or None
        None takes everything that is held out in some fold, which is every pixel once: for the model that is trained
        on all groups.
    role : str
    guard : int
        Pixels of distance; 0 where the rectangle is only read, not learned from.

    Raises
    ------
    SceneError
        If nothing is left.
    """
    if fold is None:
        chosen, others = [i for i in splits if i.role == "test"], []
    else:
        chosen = [i for i in splits if i.fold == fold and i.role == role]
        others = [i for i in splits if i.fold == fold and i.role != role]
    kept, beside = [], _windows(others)
    for image, windows in _windows(chosen).items():
        cut = (_kept_clear(window, beside.get(image, []), guard) for window in windows)
        kept += [Region(image, window) for window in cut if window.height > 0 and window.width > 0]
    if not kept:
        raise SceneError(
            f"fold {fold}: nothing is left for the role {role!r} beside the guards; take fewer folds or smaller blocks"
        )
    return kept


class Scenes:
    """Truth of some regions, from memory where it fits and otherwise from the open file. A context manager.

    Parameters
    ----------
    path : path
        ``images.h5``.
    regions : list of Region
    """

    def __init__(self, path: str | Path, regions: list[Region]) -> None:
        self.regions = regions
        self._sky_sigma: dict[int, list[float]] = {}
        self._flawless: dict[int, bool] = {}
        self._open = ExitStack()
        self._images: ImageReader = self._open.enter_context(read_images(path))
        area = np.array([r.window.height * r.window.width for r in regions], dtype=float)
        self.share: NDArray[np.float64] = area / area.sum()
        self.bands = self._images.shape(regions[0].image)[0]
        self._loaded: list[tuple[Pixels, Mask]] | None = None
        if (np.dtype(np.float32).itemsize + 1) * self.bands * area.sum() <= LARGEST_IN_MEMORY:
            every = [(r.image, r.window) for r in regions]
            self._loaded = [(self._images.pixels(*place), self._images.mask(*place)) for place in every]
            self.close()

    def __enter__(self) -> Scenes:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.regions)

    def close(self) -> None:
        """Close the file, if it is open still."""
        self._open.close()

    def crop(self, index: int, window: Window) -> tuple[Pixels, Mask]:
        """Values and mask of a window of one region, which is continued by reflection beyond its own border.

        Parameters
        ----------
        index : int
            Which region.
        window : Window
            Counted from the corner of the region; by reflection, no pixel outside the region is ever read.

        Returns
        -------
        pixels, mask : array, shape (C, window.height, window.width)
            May be views; not to be written to.
        """
        region = self.regions[index].window
        rows = reflected_index(window.y0, window.y1, region.height)
        columns = reflected_index(window.x0, window.x1, region.width)
        part = Window(int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
        pixels, mask = self._part(index, part)
        if part == window:
            return pixels, mask
        folded = (..., (rows - part.y0)[:, None], columns - part.x0)
        return pixels[folded], mask[folded]

    def sky_sigma(self, index: int) -> list[float]:
        """Noise of the empty sky of a region, per band."""
        if index not in self._sky_sigma:
            trusted = self._trusted([index], LARGEST_SKY)
            self._sky_sigma[index] = [sky_level_and_sigma(values)[1] for values in trusted]
        return self._sky_sigma[index]

    def statistics(self) -> SceneStatistics:
        """Sky, noise and span of the regions; of large sets, on rows and regions taken at even distances."""
        chosen = np.unique(np.linspace(0, len(self) - 1, min(SAMPLED_REGIONS, len(self))).astype(int))
        trusted = self._trusted(chosen.tolist(), LARGEST_SAMPLE)
        sky = [sky_level_and_sigma(values) for values in trusted]
        low, high, bright = np.array([np.percentile(values, (0.05, 99.95, 99.5)) for values in trusted]).T
        variance = [np.minimum(values, limit).var() for values, limit in zip(trusted, bright)]
        return SceneStatistics(
            tuple(level for level, _ in sky),
            tuple(sigma for _, sigma in sky),
            tuple(float(v) for v in high - low),
            tuple(float(v) for v in variance),
            tuple(float(values.max()) for values in trusted),
        )

    def _part(self, index: int, part: Window) -> tuple[Pixels, Mask]:
        if self._loaded is not None:
            pixels, mask = self._loaded[index]
            return pixels[(..., *part.slices)], mask[(..., *part.slices)]
        image, window = self.regions[index].image, self.regions[index].window
        moved = Window(part.y0 + window.y0, part.x0 + window.x0, part.height, part.width)
        pixels = self._images.pixels(image, moved)
        return pixels, self._images.mask(image, moved) if self._has_mask(index) else np.zeros(pixels.shape, bool)

    def _has_mask(self, index: int) -> bool:
        # Reading a mask takes longer than reading the pixels, and most images have nothing masked: each is asked once.
        if index not in self._flawless:
            image, window = self.regions[index].image, self.regions[index].window
            strips = (Window(y, window.x0, _STRIP, window.width) for y in range(window.y0, window.y1, _STRIP))
            self._flawless[index] = not any(self._images.mask(image, s.clipped(window)).any() for s in strips)
        return not self._flawless[index]

    def _trusted(self, chosen: list[int], sample: int) -> list[NDArray[np.float64]]:
        """Trusted values of some regions, per band, from about ``sample`` pixels altogether."""
        found: list[list[Pixels]] = [[] for _ in range(self.bands)]
        windows = [self.regions[index].window for index in chosen]
        step = -(-sum(w.height * w.width for w in windows) // sample)
        for index in chosen:
            for pixels, mask in self._thinned(index, step):
                for band, values in enumerate(found):
                    values.append(pixels[band][~mask[band]])
        return [np.concatenate(values).astype(np.float64) for values in found]

    def _thinned(self, index: int, step: int) -> Iterator[tuple[Pixels, Mask]]:
        # In strips of rows, so that a region may be larger than memory.
        height, width = self.regions[index].window.height, self.regions[index].window.width
        for y0 in range(0, height, _STRIP):
            pixels, mask = self._part(index, Window(y0, 0, min(_STRIP, height - y0), width))
            yield pixels[:, -y0 % step :: step], mask[:, -y0 % step :: step]


def _windows(items: Iterable[Item]) -> dict[str, list[Window]]:
    """Windows of each image, those that touch joined."""
    found: dict[str, list[Window]] = {}
    for item in items:
        found.setdefault(item.image, []).append(item.window)
    return {image: _merged(windows) for image, windows in found.items()}


def _merged(found: list[Window]) -> list[Window]:
    """Join rectangles that touch along a whole side, so that crops may lie across blocks."""
    result: list[Window] = []
    for window in found:
        for index, other in enumerate(result):
            joined = _joined(other, window)
            if joined is not None:
                result[index] = joined
                break
        else:
            result.append(window)
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
