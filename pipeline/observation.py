"""What an instrument recorded, with what is known of the instrument; in memory, and in HDF5 between steps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.image import Image
from pipeline.physics import operator_from
from pipeline.physics.operator import Operator
from pipeline.store import ImageReader, ImageWriter
from pipeline.store.hdf5 import created, entry, opened
from pipeline.tiling import Window


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
    """

    preview: Image
    operator: Operator

    @property
    def id(self) -> str:
        """Name of the observed image within its study."""
        return self.preview.id


class ObservationWriter(ImageWriter):
    """Appends observations to a file."""

    def append(self, observation: Observation) -> None:  # type: ignore[override]
        """Write one observation."""
        super().append(observation.preview)
        group = entry(self._file, observation.id).create_group("operator")
        parameters = observation.operator.to_dict()
        for name, value in parameters.items():
            if isinstance(value, np.ndarray):
                group.create_dataset(name, data=value, track_times=False)
        group.attrs["parameters"] = json.dumps({k: v for k, v in parameters.items() if not isinstance(v, np.ndarray)})


class ObservationReader(ImageReader):
    """Reads observations from a file, whole or by windows."""

    def observation(self, id: str, window: Window | None = None) -> Observation:
        """Read an observation; see :meth:`ImageReader.image` for the window."""
        group = entry(self._file, id)["operator"]
        parameters = json.loads(group.attrs["parameters"]) | {name: group[name][()] for name in group}
        return Observation(self.image(id, window), operator_from(parameters))


@contextmanager
def write_observations(path: str | Path, **attributes: Any) -> Iterator[ObservationWriter]:
    """Open a file of observations for writing."""
    with created(path, "observations", attributes) as (file, disk):
        yield ObservationWriter(file, disk)


@contextmanager
def read_observations(path: str | Path) -> Iterator[ObservationReader]:
    """Open a file of observations for reading."""
    with opened(path, "observations") as file:
        yield ObservationReader(file)
