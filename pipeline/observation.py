"""What an instrument recorded, with what is known of the instrument; in memory, and in HDF5 between steps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image, Pixels
from pipeline.physics import operator_from
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.operator import Operator
from pipeline.store import ImageReader, ImageWriter
from pipeline.store.hdf5 import created, entry, opened
from pipeline.tiling import Window, whole

SCALES, PLACES, BLURRED = "flux_scales", "places", "blurred"
"""What is noted of real data: how each fold brings them to the truth's unit, where each PSF of an image holds, and what
the images were before."""
DATA = "data"
"""What was measured, where that is no image."""


@dataclass(frozen=True, eq=False)
class Observation:
    """What an instrument recorded of a scene, with what is known of the instrument.

    Parameters
    ----------
    preview : Image
        The data brought to image space, the method called ``degraded``. ``sigma`` is always given. Where the data are
        an image already, as behind a blur, the preview is the data.
    operator : Operator
        The instrument, with the parameters that applied to this image.
    data : array, shape (C, M, N), float32, optional
        What was measured, where that is no image: line integrals, lines of k-space. None where the preview is the data.
    """

    preview: Image
    operator: Operator
    data: Pixels | None = None

    @property
    def id(self) -> str:
        """Name of the observed image within its study."""
        return self.preview.id

    @property
    def measured(self) -> Measured:
        """The data as one batch, whatever they are."""
        if self.data is None:
            preview = self.preview
            sigma = np.ones_like(preview.pixels) if preview.sigma is None else preview.sigma
            return Measured(*(torch.from_numpy(plane)[None] for plane in (preview.pixels, sigma, preview.mask)))
        data = torch.from_numpy(self.data)[None]
        return Measured(data, self.operator.noise.told_sigma(data), torch.zeros_like(data, dtype=torch.bool))


class Measured(NamedTuple):
    """Data, their noise, and which of them are not to be trusted: tensors of the shape (1, C, M, N)."""

    data: Tensor
    sigma: Tensor
    mask: Tensor

    @property
    def level(self) -> Tensor:
        """The noise of each band as one number, its median, shape (1, C)."""
        # Of a copy: of a view that has one number for all places, torch makes a median of nothing.
        return self.sigma.flatten(2).contiguous().median(-1).values


@dataclass(frozen=True)
class FluxScale:
    """How data of another instrument come to the unit of the truth: ``(data - level) / gain``, per band.

    Parameters
    ----------
    unit : str
        The truth's.
    gain : sequence of float
        Units of the data for one unit of the truth.
    level : sequence of float
        What the data show where the truth is zero.
    """

    unit: str
    gain: Sequence[float]
    level: Sequence[float]

    def applied(self, observation: Observation) -> Observation:
        """An observation in the unit of the truth."""
        preview, operator = observation.preview, observation.operator
        gain, level = (np.array(values, np.float32)[:, None, None] for values in (self.gain, self.level))
        sigma = None if preview.sigma is None else preview.sigma / gain
        scaled = replace(preview, pixels=(preview.pixels - level) / gain, sigma=sigma, unit=self.unit)
        return Observation(
            scaled, with_noise(operator, [level / by for level, by in zip(operator.noise.numbers[0], self.gain)])
        )


def with_noise(operator: Operator, levels: Sequence[float]) -> Operator:
    """The same instrument with white noise of some level per band."""
    return replace(operator, noise=GaussianNoise(tuple(levels)))  # type: ignore[type-var]


def nearest_psf(stamps: np.ndarray, places: np.ndarray, window: Window) -> np.ndarray:
    """Of PSFs, shape (N, C, K, K), that hold at places, shape (N, 2), the one that is nearest to a window's middle."""
    middle = window.y0 + (window.height - 1) / 2, window.x0 + (window.width - 1) / 2
    return stamps[int(np.square(places - middle).sum(1).argmin())]


class ObservationWriter(ImageWriter):
    """Appends observations to a file."""

    def append(self, observation: Observation, places: np.ndarray | None = None) -> None:  # type: ignore[override]
        """Write one observation.

        Parameters
        ----------
        observation : Observation
        places : array, shape (N, 2), optional
            Where in the image, by row and column in px, each of several PSFs holds, if the operator is a batch of them.
        """
        super().append(observation.preview)
        written = entry(self._file, observation.id)
        if observation.data is not None:
            written.create_dataset(DATA, data=observation.data, track_times=False)
        group = written.create_group("operator")
        parameters = observation.operator.to_dict() | ({} if places is None else {PLACES: places})
        for name, value in parameters.items():
            if isinstance(value, np.ndarray):
                group.create_dataset(name, data=value, track_times=False)
        group.attrs["parameters"] = json.dumps({k: v for k, v in parameters.items() if not isinstance(v, np.ndarray)})


class ObservationReader(ImageReader):
    """Reads observations from a file, whole or by windows."""

    def observation(self, id: str, window: Window | None, fold: int | str) -> Observation:
        """Read an observation, as a fold may know it.

        Parameters
        ----------
        id : str
        window : Window, optional
            See :meth:`ImageReader.image`.
        fold : int or "final"
            Real data of another instrument come to the unit of the truth by what the fold's train role tells.
        """
        written = entry(self._file, id)
        group, data = written["operator"], written[DATA][()] if DATA in written else None
        parameters = json.loads(group.attrs["parameters"]) | {name: group[name][()] for name in group}
        preview = self.image(id, window)
        if PLACES in parameters:
            seen = window or whole(*preview.shape[-2:])
            parameters["psf"] = nearest_psf(parameters["psf"], parameters.pop(PLACES), seen)
        observation = Observation(preview, operator_from(parameters), data)
        scale = self.scale(fold)
        return observation if scale is None else scale.applied(observation)

    def psfs(self, id: str) -> tuple[np.ndarray, np.ndarray]:
        """The PSFs of an image, shape (N, C, K, K), and where each holds, by row and column in px, shape (N, 2)."""
        group = entry(self._file, id)["operator"]
        psf = group["psf"][()]
        return (psf, group[PLACES][()]) if PLACES in group else (psf[None], np.zeros((1, 2)))

    def scale(self, fold: int | str) -> FluxScale | None:
        """How a fold brings the data to the unit of the truth; None where they are in it."""
        return self._scales.get(str(fold))

    @cached_property
    def _scales(self) -> dict[str, FluxScale]:
        """How to come to the unit of the truth, by fold; nothing for data that are in it already."""
        return {fold: FluxScale(**values) for fold, values in self.attributes.get(SCALES, {}).items()}


@contextmanager
def write_observations(path: str | Path, **attributes: Any) -> Iterator[ObservationWriter]:
    """Open a file of observations for writing."""
    with created(path, "observations", attributes) as (file, disk):
        yield ObservationWriter(file, disk)


class NoiseReader(ImageReader):
    """Reads the noise of observations as if it were the values of images."""

    def pixels(self, id: str, window: Window) -> Pixels:
        """Standard deviation of the noise in a window, shape (C, H, W)."""
        return entry(self._file, id)["sigma"][(slice(None), *window.slices)]


@contextmanager
def read_noise(path: str | Path) -> Iterator[NoiseReader]:
    """Open a file of observations to read their noise."""
    with opened(path, "observations") as file:
        yield NoiseReader(file)


@contextmanager
def read_observations(path: str | Path) -> Iterator[ObservationReader]:
    """Open a file of observations for reading."""
    with opened(path, "observations") as file:
        yield ObservationReader(file)
