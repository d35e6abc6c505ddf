"""The truth of some regions: crops of it on the training device, and what can be said of it as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.image import Mask, Pixels
from pipeline.measures.cross_power import cross_power
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.physics.scene_spectrum import SceneSpectrum
from pipeline.store import ImageReader, read_images
from pipeline.tiling import Window
from pipeline.training.backgrounds import Backgrounds
from pipeline.training.regions import Region, sampled
from pipeline.training.truth import Crops, Cut, Place, Truth, cut_of

CPU = torch.device("cpu")
LARGEST_IN_MEMORY = 2**30
"""Bytes of truth and mask up to which a CPU's memory holds the regions; larger studies are read window by window."""
LARGEST_SHARE = 0.25
"""A GPU holds up to this share of its free memory; networks need the rest."""
LARGEST_SAMPLE = 2**22
"""Pixels per band on which a fold's statistics are measured, at most."""
LARGEST_SKY = 2**17
"""Pixels per band on which the sky of one region is measured, at most."""
MOST_BANDS_TOGETHER = 4
"""Bands of which it is told how alike they are: what their filter takes grows with the third power of their number."""
_STRIP = 256


@dataclass(frozen=True)
class SceneStatistics:
    """What a fold's training role says of its images, one value per band, in their unit."""

    sky: tuple[float, ...]
    sky_sigma: tuple[float, ...]
    span: tuple[float, ...]
    """Distance between the 0.05 and 99.95 percentiles."""
    variance: tuple[float, ...]
    """Variance of the scene, values above the 99.5 percentile clipped: stars would outweigh everything."""
    bright: tuple[float, ...]
    """The 99.5 percentile."""
    brightest: tuple[float, ...]
    """The largest value that was looked at."""


class Scenes:
    """Truth of some regions, on the device where it fits, and otherwise from the open file. A context manager.

    Parameters
    ----------
    path : path
        ``images.h5``.
    regions : list of Region
    device : torch.device
        Where crops are wanted.
    opened : callable, optional
        Opens the file; by default one of images.
    """

    def __init__(
        self,
        path: str | Path,
        regions: list[Region],
        device: torch.device = CPU,
        opened: Callable[[str | Path], AbstractContextManager[ImageReader]] | None = None,
    ) -> None:
        self.regions, self._device = regions, device
        self.backgrounds = Backgrounds(path, regions)
        self._sky_sigma: dict[int, list[float]] = {}
        self._flawless: dict[int, bool] = {}
        self._open = ExitStack()
        self._images: ImageReader = self._open.enter_context((opened or read_images)(path))
        area = np.array([r.window.height * r.window.width for r in regions], dtype=float)
        self.share: NDArray[np.float64] = area / area.sum()
        self.bands = self._images.shape(regions[0].image)[0]
        self._held: Truth | None = None
        if (np.dtype(np.float32).itemsize + 1) * self.bands * area.sum() <= _room(device):
            self._held = self._loaded()
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

    def crops(self, places: Sequence[Place], size: int) -> Crops:
        """Crops of ``size`` px on the device, each with its place in the middle; no pixel outside its region is read.

        About a smaller place, its border pixels stand again and again.
        """
        cuts = [cut_of(place, self.regions[place.region].window, size) for place in places]
        return self._streamed(cuts) if self._held is None else self._held.taken(cuts)

    def sky_sigma(self, index: int) -> list[float]:
        """Noise of the empty sky of a region, per band."""
        if index not in self._sky_sigma:
            trusted = self._trusted([index], LARGEST_SKY)
            self._sky_sigma[index] = [sky_level_and_sigma(values)[1] for values in trusted]
        return self._sky_sigma[index]

    def statistics(self) -> SceneStatistics:
        """Sky, noise and span of the regions; of large sets, on rows and regions taken at even distances."""
        trusted = self._trusted(sampled(len(self)), LARGEST_SAMPLE)
        sky = [sky_level_and_sigma(values) for values in trusted]
        low, high, bright = np.array([np.percentile(values, (0.05, 99.95, 99.5)) for values in trusted]).T
        variance = [np.minimum(values, limit).var() for values, limit in zip(trusted, bright)]
        return SceneStatistics(
            tuple(level for level, _ in sky),
            tuple(sigma for _, sigma in sky),
            tuple(float(v) for v in high - low),
            tuple(float(v) for v in variance),
            tuple(float(v) for v in bright),
            tuple(float(values.max()) for values in trusted),
        )

    def spectrum(self, known: SceneStatistics) -> SceneSpectrum:
        """How scenes share their variance among frequencies, and, where bands are few, how alike these are."""
        squares = [(index, part) for index in sampled(len(self)) for part in self._squares(index)]
        read = (self._part(*squares[number]) for number in sampled(len(squares)))
        bright = np.array(known.bright)[:, None, None]
        found = cross_power((np.minimum(pixels, bright), mask) for pixels, mask in read)
        spread = np.sqrt(np.maximum(known.variance, np.finfo(np.float64).tiny))
        power = found.power / spread / spread[:, None]
        if self.bands > MOST_BANDS_TOGETHER:
            power = power * np.eye(self.bands)
        return SceneSpectrum.of_arrays(found.frequency, power)

    def _loaded(self) -> Truth:
        truth = Truth([Window(0, 0, r.window.height, r.window.width) for r in self.regions], self.bands, self._device)
        for index in range(len(self)):
            for strip in self._strips(index):
                truth.write(index, strip.y0, *self._read(index, strip))
        return truth

    def _streamed(self, cuts: Sequence[Cut]) -> Crops:
        truth = Truth([cut.part for cut in cuts], self.bands, self._device)
        for number, cut in enumerate(cuts):
            truth.write(number, 0, *self._read(cut.rectangle, cut.part))
        return truth.taken([cut._replace(rectangle=number) for number, cut in enumerate(cuts)])

    def _read(self, index: int, part: Window) -> tuple[Pixels, Mask]:
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
        for strip in self._strips(index):
            pixels, mask = self._part(index, strip)
            yield pixels[:, -strip.y0 % step :: step], mask[:, -strip.y0 % step :: step]

    def _part(self, index: int, part: Window) -> tuple[Pixels, Mask]:
        return self._read(index, part) if self._held is None else self._held.read(index, part)

    def _squares(self, index: int) -> Iterator[Window]:
        """Squares that a region holds, or the region itself where it is smaller."""
        window = self.regions[index].window
        height, width = min(window.height, _STRIP), min(window.width, _STRIP)
        for y0 in range(0, window.height - height + 1, height):
            for x0 in range(0, window.width - width + 1, width):
                yield Window(y0, x0, height, width)

    def _strips(self, index: int) -> Iterator[Window]:
        """A region in strips of rows, so that it may be larger than memory."""
        window = self.regions[index].window
        for y0 in range(0, window.height, _STRIP):
            yield Window(y0, 0, min(_STRIP, window.height - y0), window.width)


def _room(device: torch.device) -> float:
    """Bytes of truth and mask that a device may hold."""
    return LARGEST_SHARE * torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else LARGEST_IN_MEMORY
