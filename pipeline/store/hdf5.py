"""HDF5 files of some kind: what was noted of them, and what they hold under a name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import h5py

from pipeline.store.aside import StoreError, written_aside
from pipeline.store.disk import Disk


@contextmanager
def created(path: str | Path, kind: str, attributes: dict[str, Any]) -> Iterator[tuple[h5py.File, Disk]]:
    """Open a new file of some kind, with the disk behind it; it is renamed to ``path`` when all was written."""
    with written_aside(path) as aside, Disk(aside, "w+") as disk:
        with h5py.File(disk, "w", track_order=True) as file:
            file.attrs["kind"] = json.dumps(kind)
            file.attrs.update({k: json.dumps(v) for k, v in attributes.items()})
            yield file, disk
        disk.check()


@contextmanager
def opened(path: str | Path, kind: str, cache: int | None = None) -> Iterator[h5py.File]:
    """Open a file of some kind for reading.

    Parameters
    ----------
    path : path
    kind : str
    cache : int, optional
        Bytes of chunks that HDF5 keeps, as it sees fit by default. With 0, rows of a chunk are read without the rest.

    Raises
    ------
    StoreError
        If it is missing, damaged or of another kind.
    """
    try:
        file = h5py.File(path, "r", rdcc_nbytes=cache)
    except FileNotFoundError:
        raise StoreError(f"{path}: no such file; the step that writes it has not run") from None
    except OSError as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{path}: not a readable HDF5 file ({reason}); delete it, and its step runs again") from None
    with file:
        found = _kind(file)
        if found != kind:
            raise StoreError(f"{path}: holds {found or 'nothing of ours'}; a file of {kind} is needed")
        yield file


def entry(file: h5py.File, id: str) -> Any:
    """What a file holds of one image or item, in words if there is no such thing."""
    try:
        return file[_key(id)]
    except KeyError:
        raise StoreError(
            f"{file.filename}: holds nothing called {id!r}; the step that writes it must run again"
        ) from None


def new_key(file: h5py.File, id: str) -> str:
    """The key under which a file will hold an image or item.

    Raises
    ------
    StoreError
        If it holds one of that name already, or the name is empty.
    """
    key = _key(id)
    if not key or key in file:
        raise StoreError(f"{id!r} is the name of two images, or of none; every image needs a name of its own")
    return key


def attributes_of(node: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """What was noted of a file, an image or an item."""
    return {name: json.loads(value) for name, value in node.attrs.items() if name != "kind"}


def _kind(file: h5py.File) -> str | None:
    try:
        return json.loads(file.attrs["kind"])
    except (KeyError, TypeError, ValueError):
        return None


def _key(id: str) -> str:
    # A slash would open a group, and names of dots alone mean places in HDF5 as they do in a file system.
    key = quote(id, safe="")
    return key if key.strip(".") else key.replace(".", "%2E")
