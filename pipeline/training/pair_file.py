"""The blurred images of real pairs in some regions: data and noise on the training device, and PSFs by place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.observation import BLURRED, FluxScale, ObservationReader, read_noise, read_observations
from pipeline.on_device import planes
from pipeline.tiling import Window
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Crops, Place

ONE_PIXEL = Window(0, 0, 1, 1)


class RegionPsfs(NamedTuple):
    """The PSFs that hold in some regions, each once, and the noise there."""

    kernels: Tensor
    """Shape (N, C, K, K)."""
    numbers: list[NDArray[np.intp]]
    """For each region, which of the kernels hold in its image ..."""
    places: list[NDArray[np.float64]]
    """... and where, by row and column of the image, shape (n, 2)."""
    noise: NDArray[np.float64]
    """Level of the noise of each region, in the unit of the truth, shape (regions, C)."""

    def number(self, place: Place, region: Region) -> int:
        """Which kernel holds in the middle of a place."""
        window, at = place.window, region.window
        middle = at.y0 + (window.y0 + window.y1 - 1) / 2, at.x0 + (window.x0 + window.x1 - 1) / 2
        nearest = np.square(self.places[place.region] - middle).sum(1).argmin()
        return int(self.numbers[place.region][nearest])


class Observed:
    """What was seen of some regions, in the unit of the truth.

    Parameters
    ----------
    data, noise : Scenes
        Values, and standard deviations, of the same regions, in the unit of the data.
    gain, level : sequence of float
        How they come to the unit of the truth; see :class:`~pipeline.observation.FluxScale`.
    """

    def __init__(self, data: Scenes, noise: Scenes, gain: Sequence[float], level: Sequence[float]) -> None:
        self._data, self._noise, self._gain, self._level = data, noise, gain, level

    def crops(self, places: Sequence[Place], size: int) -> tuple[Crops, Tensor]:
        """Data with their mask, and their noise, shape (B, C, size, size); see :meth:`Scenes.crops`."""
        data, sigma = self._data.crops(places, size), self._noise.crops(places, size).pixels
        gain = planes(self._gain, sigma)
        return data._replace(pixels=(data.pixels - planes(self._level, sigma)) / gain), sigma / gain

    def close(self) -> None:
        """Close the files, if they are open still."""
        self._data.close()
        self._noise.close()


class PairFile:
    """A file of observations as one fold sees it.

    Parameters
    ----------
    path : path
        ``degraded/<condition>.h5``, from ``pair``.
    fold : int or "final"
    device : torch.device
    """

    def __init__(self, path: Path, fold: int | str, device: torch.device) -> None:
        self._path, self._fold, self._device = path, fold, device

    def of(self, regions: list[Region]) -> Observed:
        """What was seen of some regions."""
        scale, _ = self._noted()
        data, noise = (Scenes(self._path, regions, self._device, opened) for opened in (read_observations, read_noise))
        return Observed(data, noise, scale.gain, scale.level)

    @property
    def card(self) -> dict[str, Any]:
        """How a blurred image that has no sharp one comes to the model's pixels and unit."""
        scale, known = self._noted()
        return known | {"gain": list(scale.gain), "level": list(scale.level)}

    def psfs_of(self, regions: list[Region]) -> RegionPsfs:
        """The PSFs that hold in some regions, and the noise there."""
        known, kernels, read = dict[bytes, int](), list[NDArray[np.float32]](), dict[str, tuple]()
        with read_observations(self._path) as observations:
            for region in regions:
                if region.image not in read:
                    psfs, places = observations.psfs(region.image)
                    numbers = [_number(psf, known, kernels) for psf in psfs]
                    read[region.image] = np.array(numbers), places, self._noise_of(observations, region.image)
        widest = max(kernel.shape[-1] for kernel in kernels)
        margins = [(widest - kernel.shape[-1]) // 2 for kernel in kernels]
        padded = [np.pad(k, ((0, 0), (m, m), (m, m))) for k, m in zip(kernels, margins)]
        found = [read[region.image] for region in regions]
        noise = np.array([levels for _, _, levels in found])
        return RegionPsfs(torch.from_numpy(np.stack(padded)), [n for n, _, _ in found], [p for _, p, _ in found], noise)

    def _noted(self) -> tuple[FluxScale, dict[str, Any]]:
        """How the fold brings data to the truth's unit, and what the blurred images were."""
        with read_observations(self._path) as observations:
            scale, known = observations.scale(self._fold), observations.attributes.get(BLURRED, {})
        if scale is None:
            raise ValueError(f"{self._path}: holds no pairs")
        return scale, known

    def _noise_of(self, observations: ObservationReader, id: str) -> list[float]:
        (level,) = observations.observation(id, ONE_PIXEL, self._fold).operator.noise.numbers
        return list(level)


def _number(psf: NDArray[np.float32], known: dict[bytes, int], kernels: list[NDArray[np.float32]]) -> int:
    """Number of a kernel among those that are known, where it is put if it is new."""
    key = psf.tobytes()
    if key not in known:
        known[key] = len(kernels)
        kernels.append(psf)
    return known[key]
