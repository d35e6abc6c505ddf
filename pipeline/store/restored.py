"""Restored items in a file: values alone, in the unit of their images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import h5py
import numpy as np

from pipeline.image import Pixels
from pipeline.store.disk import Disk
from pipeline.store.hdf5 import attributes_of, created, entry, new_key, opened


class RestoredWriter:
    """Appends restored items to a file."""

    def __init__(self, file: h5py.File, disk: Disk) -> None:
        self._file, self._disk = file, disk

    def append(self, item: str, pixels: Pixels, **attributes: Any) -> None:
        """Write the restored values of one item, shape (C, H, W), in the unit of its image.

        Keyword arguments are noted of the item, such as the fold that restored it.

        Raises
        ------
        StoreError
            If there is an item of that name already.
        """
        key = new_key(self._file, item)
        dataset = self._file.create_dataset(key, data=np.asarray(pixels, np.float32), track_times=False)
        dataset.attrs.update({k: json.dumps(v) for k, v in attributes.items()})
        self._disk.check()


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
        return entry(self._file, item)[()]

    def attributes(self, item: str) -> dict[str, Any]:
        """What was noted of an item, such as the fold that restored it."""
        return attributes_of(entry(self._file, item))


@contextmanager
def write_restored(path: str | Path, **attributes: Any) -> Iterator[RestoredWriter]:
    """Open a file of restored items for writing."""
    with created(path, "restored", attributes) as (file, disk):
        yield RestoredWriter(file, disk)


@contextmanager
def read_restored(path: str | Path) -> Iterator[RestoredReader]:
    """Open a file of restored items for reading."""
    with opened(path, "restored") as file:
        yield RestoredReader(file)
