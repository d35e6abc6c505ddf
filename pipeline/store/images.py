"""Images in a file, read image by image and window by window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import h5py
import numpy as np

from pipeline.image import Image, Mask, Pixels
from pipeline.store.disk import Disk
from pipeline.store.hdf5 import attributes_of, created, entry, new_key, opened
from pipeline.tiling import Window, read_reflected, reflected_index

PLANES = ("pixels", "mask", "sigma", "background", "findings")
"""What is kept of an image for each of its pixels."""
_KINDS: dict[str, type] = {"mask": bool, "findings": np.uint8}
"""Types of those that are no numbers in the unit of the image."""


class ImageWriter:
    """Appends images to a file."""

    def __init__(self, file: h5py.File, disk: Disk) -> None:
        self._file, self._disk = file, disk

    def append(self, image: Image) -> None:
        """Write one image.

        Raises
        ------
        StoreError
            If there is an image of that name already.
        """
        _write_image(self._file.create_group(new_key(self._file, image.id)), image)
        self._disk.check()

    def regroup(self, id: str, group: str) -> None:
        """Put an image that is written already into another group."""
        entry(self._file, id).attrs["group"] = json.dumps(group)

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
        return attributes_of(self._file)

    def shape(self, id: str) -> tuple[int, int, int]:
        """Shape (C, H, W) of an image, without reading it."""
        return entry(self._file, id)["pixels"].shape

    def image(self, id: str, window: Window | None = None) -> Image:
        """Read an image.

        Parameters
        ----------
        id : str
            Name of the image.
        window : Window, optional
            The part to read; beyond the border the image is continued by reflection and masked. The header stays that
            of the whole image.

        Raises
        ------
        StoreError
            If there is no image of that name.
        """
        return _read_image(entry(self._file, id), id, window)

    def pixels(self, id: str, window: Window) -> Pixels:
        """Values of a window inside an image, shape (C, H, W); ten times as quick as :meth:`image`, which reads all."""
        return entry(self._file, id)["pixels"][(slice(None), *window.slices)]

    def mask(self, id: str, window: Window) -> Mask:
        """Mask of a window inside an image, shape (C, H, W)."""
        return entry(self._file, id)["mask"][(slice(None), *window.slices)]

    def background(self, id: str, window: Window, step: int) -> Pixels | None:
        """What was taken off in a window inside an image, on every ``step``-th row and column; None if nothing was."""
        group = entry(self._file, id)
        if "background" not in group:
            return None
        return group["background"][:, window.y0 : window.y1 : step, window.x0 : window.x1 : step]

    def __iter__(self) -> Iterator[Image]:
        return (self.image(id) for id in self.ids)

    def __len__(self) -> int:
        return len(self._file)


@contextmanager
def write_images(path: str | Path, **attributes: Any) -> Iterator[ImageWriter]:
    """Open a file of images for writing; keyword arguments are noted of the file as a whole."""
    with created(path, "images", attributes) as (file, disk):
        yield ImageWriter(file, disk)


@contextmanager
def read_images(path: str | Path) -> Iterator[ImageReader]:
    """Open a file of images for reading."""
    with opened(path, "images") as file:
        yield ImageReader(file)


def _write_image(group: h5py.Group, image: Image) -> None:
    for name in PLANES:
        values = getattr(image, name)
        if values is not None:
            values = np.asarray(values, _KINDS.get(name, np.float32))
            chunks = (1, min(values.shape[1], 256), min(values.shape[2], 256))
            compression = "lzf" if name != "pixels" else None
            group.create_dataset(name, data=values, chunks=chunks, compression=compression, track_times=False)
    for name in ("unit", "bands", "group", "pixel_scale", "pixel_mm"):
        group.attrs[name] = json.dumps(getattr(image, name))
    if image.header is not None:
        # As a dataset: an attribute holds 64 KB at most, and headers of mosaics are longer.
        group.create_dataset("header", data=image.header, dtype=h5py.string_dtype(), track_times=False)


def _read_image(group: h5py.Group, id: str, window: Window | None) -> Image:
    planes = {name: group[name] for name in PLANES if name in group}
    if window is None:
        arrays = {name: dataset[()] for name, dataset in planes.items()}
    else:
        arrays = {name: read_reflected(dataset, window) for name, dataset in planes.items()}
    header = group["header"].asstr()[()] if "header" in group else None
    attributes = {**attributes_of(group), "bands": tuple(json.loads(group.attrs["bands"]))}
    image = Image(id=id, header=header, **arrays, **attributes)
    if window is None:
        return image
    height, width = planes["pixels"].shape[-2:]
    beyond = _beyond(window.y0, window.y1, height)[:, None] | _beyond(window.x0, window.x1, width)
    return replace(image, mask=image.mask | beyond)


def _beyond(start: int, stop: int, size: int) -> Mask:
    return reflected_index(start, stop, size) != np.arange(start, stop)
