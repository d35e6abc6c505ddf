"""Images between steps, in HDF5: read image by image and window by window, written aside and renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import h5py
import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.image import Image, Observation, Pixels
from pipeline.physics import operator_from
from pipeline.tiling import Window, read_reflected, reflected_index


class StoreError(ClearfieldError):
    """A file between two steps that is missing, cut short or of another kind."""


@contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; what is there is renamed to ``path`` on success and removed on failure."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield aside
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


class ImageWriter:
    """Appends images to a file."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def append(self, image: Image) -> None:
        """Write one image."""
        _write_image(self._file.create_group(_key(image.id)), image)

    def note(self, **attributes: Any) -> None:
        """Note something of the file as a whole, such as a level that is known only when every image has been seen."""
        self._file.attrs.update({k: json.dumps(v) for k, v in attributes.items()})


class ImageReader:
    """Reads images from a file, whole or by windows."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    @property
    def ids(self) -> list[str]:
        """Names of the images, in the order in which they were written."""
        return [unquote(key) for key in self._file]

    @property
    def attributes(self) -> dict[str, Any]:
        """What was noted of the file as a whole."""
        return _attributes(self._file)

    def shape(self, id: str) -> tuple[int, int, int]:
        """Shape (C, H, W) of an image, without reading it."""
        return self._file[_key(id)]["pixels"].shape

    def image(self, id: str, window: Window | None = None) -> Image:
        """Read an image.

        Parameters
        ----------
        id : str
            Name of the image.
        window : Window, optional
            The part to read; beyond the border the image is continued by reflection and masked.
        """
        return _read_image(self._file[_key(id)], id, window)

    def __iter__(self) -> Iterator[Image]:
        return (self.image(id) for id in self.ids)

    def __len__(self) -> int:
        return len(self._file)


class ObservationWriter(ImageWriter):
    """Appends observations to a file."""

    def append(self, observation: Observation) -> None:  # type: ignore[override]
        """Write one observation."""
        super().append(observation.preview)
        group = self._file[_key(observation.id)].create_group("operator")
        parameters = observation.operator.to_dict()
        for name, value in parameters.items():
            if isinstance(value, np.ndarray):
                group.create_dataset(name, data=value)
        group.attrs["parameters"] = json.dumps({k: v for k, v in parameters.items() if not isinstance(v, np.ndarray)})


class ObservationReader(ImageReader):
    """Reads observations from a file, whole or by windows."""

    def observation(self, id: str, window: Window | None = None) -> Observation:
        """Read an observation; see :meth:`ImageReader.image` for the window."""
        group = self._file[_key(id)]["operator"]
        parameters = json.loads(group.attrs["parameters"]) | {name: group[name][()] for name in group}
        return Observation(self.image(id, window), operator_from(parameters))


class RestoredWriter:
    """Appends restored items to a file."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def append(self, item: str, pixels: Pixels, **attributes: Any) -> None:
        """Write the restored values of one item, shape (C, H, W), in the unit of its image."""
        dataset = self._file.create_dataset(_key(item), data=np.asarray(pixels, np.float32), track_times=False)
        dataset.attrs.update({k: json.dumps(v) for k, v in attributes.items()})


class RestoredReader:
    """Reads restored items from a file."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    @property
    def items(self) -> list[str]:
        """Names of the items."""
        return [unquote(key) for key in self._file]

    def pixels(self, item: str) -> Pixels:
        """Restored values of one item, shape (C, H, W), in the unit of its image."""
        return self._file[_key(item)][()]

    def attributes(self, item: str) -> dict[str, Any]:
        """What was noted of an item, such as the fold that restored it."""
        return _attributes(self._file[_key(item)])


@contextmanager
def write_images(path: str | Path, **attributes: Any) -> Iterator[ImageWriter]:
    """Open a file of images for writing; keyword arguments are noted of the file as a whole."""
    with _created(path, "images", attributes) as file:
        yield ImageWriter(file)


@contextmanager
def write_observations(path: str | Path, **attributes: Any) -> Iterator[ObservationWriter]:
    """Open a file of observations for writing."""
    with _created(path, "observations", attributes) as file:
        yield ObservationWriter(file)


@contextmanager
def write_restored(path: str | Path, **attributes: Any) -> Iterator[RestoredWriter]:
    """Open a file of restored items for writing."""
    with _created(path, "restored", attributes) as file:
        yield RestoredWriter(file)


@contextmanager
def read_images(path: str | Path) -> Iterator[ImageReader]:
    """Open a file of images for reading."""
    with _opened(path, "images") as file:
        yield ImageReader(file)


@contextmanager
def read_observations(path: str | Path) -> Iterator[ObservationReader]:
    """Open a file of observations for reading."""
    with _opened(path, "observations") as file:
        yield ObservationReader(file)


@contextmanager
def read_restored(path: str | Path) -> Iterator[RestoredReader]:
    """Open a file of restored items for reading."""
    with _opened(path, "restored") as file:
        yield RestoredReader(file)


@contextmanager
def _created(path: str | Path, kind: str, attributes: dict[str, Any]) -> Iterator[h5py.File]:
    with written_aside(path) as aside, h5py.File(aside, "w", track_order=True) as file:
        file.attrs["kind"] = json.dumps(kind)
        file.attrs.update({k: json.dumps(v) for k, v in attributes.items()})
        yield file


@contextmanager
def _opened(path: str | Path, kind: str) -> Iterator[h5py.File]:
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        raise StoreError(f"{path}: no such file; the step that writes it has not run") from None
    except OSError as error:
        raise StoreError(f"{path}: not a readable HDF5 file ({error}); delete it, and its step runs again") from None
    with file:
        found = json.loads(file.attrs.get("kind", "null"))
        if found != kind:
            raise StoreError(f"{path}: holds {found or 'nothing of ours'}; a file of {kind} is needed")
        yield file


def _write_image(group: h5py.Group, image: Image) -> None:
    for name in ("pixels", "mask", "sigma", "background"):
        values = getattr(image, name)
        if values is not None:
            chunks = (1, min(values.shape[1], 256), min(values.shape[2], 256))
            compression = "lzf" if name != "pixels" else None
            group.create_dataset(name, data=values, chunks=chunks, compression=compression, track_times=False)
    for name in ("unit", "bands", "group", "pixel_scale"):
        group.attrs[name] = json.dumps(getattr(image, name))
    if image.header is not None:
        # As a dataset: an attribute holds 64 KB at most, and headers of mosaics are longer.
        group.create_dataset("header", data=image.header, dtype=h5py.string_dtype(), track_times=False)


def _read_image(group: h5py.Group, id: str, window: Window | None) -> Image:
    planes = {name: group[name] for name in ("pixels", "mask", "sigma", "background") if name in group}
    if window is None:
        arrays = {name: dataset[()] for name, dataset in planes.items()}
    else:
        arrays = {name: read_reflected(dataset, window) for name, dataset in planes.items()}
    header = group["header"].asstr()[()] if "header" in group else None
    attributes = {**_attributes(group), "bands": tuple(json.loads(group.attrs["bands"]))}
    image = Image(id=id, header=header, **arrays, **attributes)
    if window is None:
        return image
    height, width = planes["pixels"].shape[-2:]
    beyond = _beyond(window.y0, window.y1, height)[:, None] | _beyond(window.x0, window.x1, width)
    return replace(image, mask=image.mask | beyond)


def _beyond(start: int, stop: int, size: int) -> np.ndarray:
    return reflected_index(start, stop, size) != np.arange(start, stop)


def _attributes(node: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in node.attrs.items() if name != "kind"}


def _key(id: str) -> str:
    return quote(id, safe="")
