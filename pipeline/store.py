"""Images between steps, in HDF5: read image by image and window by window, written aside and renamed."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import h5py
import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.image import Image, Mask, Pixels
from pipeline.tiling import Window, read_reflected, reflected_index


class StoreError(ClearfieldError):
    """A file between two steps that is missing, cut short or of another kind, or that cannot be written."""


@contextmanager
def written_aside(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; what is there is renamed to ``path`` on success and removed on failure.

    The name given ends like ``path``, for writers that choose a format by it.

    Raises
    ------
    StoreError
        If there is no room for the file, or no right to write it.
    """
    path = Path(path)
    aside = path.with_name(f".part{os.getpid()}.{path.name}")
    try:
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            aside.replace(path)
    finally:
        with suppress(NotADirectoryError):
            aside.unlink(missing_ok=True)


class Scratch:
    """Planes that memory need not hold, shape (C, H, W), float32, in a file; written and read by windows."""

    def __init__(self, file: io.FileIO, path: Path, shape: tuple[int, ...]) -> None:
        self._file, self._path, self._shape = file, path, shape

    def write(self, window: Window, values: Pixels) -> None:
        """Write a window of all planes, shape (C, h, w).

        Raises
        ------
        StoreError
            If there is no room for it.
        """
        with _writing(self._path):
            for band, plane in enumerate(np.asarray(values, np.float32)):
                for y, row in enumerate(plane, window.y0):
                    self._file.seek(self._place(band, y, window.x0))
                    left = memoryview(row.tobytes())
                    while left:
                        left = left[self._file.write(left) :]

    def read(self, band: int, window: Window) -> Pixels:
        """A window of one plane, shape (h, w), of which all has been written."""
        values = np.empty((window.height, window.width), np.float32)
        for y, row in enumerate(values, window.y0):
            self._file.seek(self._place(band, y, window.x0))
            row[:] = np.frombuffer(self._file.read(row.nbytes), np.float32)
        return values

    def _place(self, band: int, y: int, x: int) -> int:
        return 4 * ((band * self._shape[-2] + y) * self._shape[-1] + x)


@contextmanager
def scratch(beside: str | Path, shape: tuple[int, ...]) -> Iterator[Scratch]:
    """Give room for planes in a file without a name, in the folder of ``beside``; it is gone afterwards, come what may.

    Raises
    ------
    StoreError
        If there is no room for the file, or no right to write it; ``beside`` is named, for which the work is done.
    """
    path = Path(beside)
    with ExitStack() as opened:
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = opened.enter_context(tempfile.TemporaryFile(dir=path.parent, buffering=0))
        yield Scratch(file, path, shape)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say in a line why a file cannot be written."""
    try:
        yield
    except Exception as error:
        reason = _why_not_written(error, path)
        if reason is None:
            raise
        raise StoreError(f"{path}: cannot be written ({reason}); make room or choose another place") from None


class _Disk(io.FileIO):
    """A file in which HDF5 can always write: what the disk refuses is remembered and raised by :meth:`check`.

    HDF5 keeps what it could not write, tries again when the process ends, and crashes it.
    """

    refused: OSError | None = None

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while self.refused is None and done < len(view):
            try:
                done += super().write(view[done:])
            except OSError as error:
                self.refused = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        size = self.tell() if size is None else size
        try:
            return super().truncate(size)
        except OSError as error:
            self.refused = self.refused or error
            return size

    def readinto(self, buffer: Any) -> int:
        # What was refused is read back as zeros.
        view = memoryview(buffer).cast("B")
        read = super().readinto(view) or 0
        view[read:] = bytes(len(view) - read)
        return len(view)

    def check(self) -> None:
        if self.refused is not None:
            raise self.refused


class ImageWriter:
    """Appends images to a file."""

    def __init__(self, file: h5py.File, disk: _Disk) -> None:
        self._file, self._disk = file, disk

    def append(self, image: Image) -> None:
        """Write one image.

        Raises
        ------
        StoreError
            If there is an image of that name already.
        """
        _write_image(self._file.create_group(_new_key(self._file, image.id)), image)
        self._disk.check()

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

    def __iter__(self) -> Iterator[Image]:
        return (self.image(id) for id in self.ids)

    def __len__(self) -> int:
        return len(self._file)


class RestoredWriter:
    """Appends restored items to a file."""

    def __init__(self, file: h5py.File, disk: _Disk) -> None:
        self._file, self._disk = file, disk

    def append(self, item: str, pixels: Pixels, **attributes: Any) -> None:
        """Write the restored values of one item, shape (C, H, W), in the unit of its image.

        Keyword arguments are noted of the item, such as the fold that restored it.

        Raises
        ------
        StoreError
            If there is an item of that name already.
        """
        key = _new_key(self._file, item)
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
        return _attributes(entry(self._file, item))


@contextmanager
def write_images(path: str | Path, **attributes: Any) -> Iterator[ImageWriter]:
    """Open a file of images for writing; keyword arguments are noted of the file as a whole."""
    with created(path, "images", attributes) as (file, disk):
        yield ImageWriter(file, disk)


@contextmanager
def write_restored(path: str | Path, **attributes: Any) -> Iterator[RestoredWriter]:
    """Open a file of restored items for writing."""
    with created(path, "restored", attributes) as (file, disk):
        yield RestoredWriter(file, disk)


@contextmanager
def read_images(path: str | Path) -> Iterator[ImageReader]:
    """Open a file of images for reading."""
    with opened(path, "images") as file:
        yield ImageReader(file)


@contextmanager
def read_restored(path: str | Path) -> Iterator[RestoredReader]:
    """Open a file of restored items for reading."""
    with opened(path, "restored") as file:
        yield RestoredReader(file)


@contextmanager
def created(path: str | Path, kind: str, attributes: dict[str, Any]) -> Iterator[tuple[h5py.File, _Disk]]:
    """Open a new file of some kind, with the disk behind it; it is renamed to ``path`` when all was written."""
    with written_aside(path) as aside, _Disk(aside, "w+") as disk:
        with h5py.File(disk, "w", track_order=True) as file:
            file.attrs["kind"] = json.dumps(kind)
            file.attrs.update({k: json.dumps(v) for k, v in attributes.items()})
            yield file, disk
        disk.check()


@contextmanager
def opened(path: str | Path, kind: str) -> Iterator[h5py.File]:
    """Open a file of some kind for reading.

    Raises
    ------
    StoreError
        If it is missing, damaged or of another kind.
    """
    try:
        file = h5py.File(path, "r")
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


def _kind(file: h5py.File) -> str | None:
    try:
        return json.loads(file.attrs["kind"])
    except (KeyError, TypeError, ValueError):
        return None


def _write_image(group: h5py.Group, image: Image) -> None:
    for name in ("pixels", "mask", "sigma", "background"):
        values = getattr(image, name)
        if values is not None:
            values = np.asarray(values, bool if name == "mask" else np.float32)
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


def _beyond(start: int, stop: int, size: int) -> Mask:
    return reflected_index(start, stop, size) != np.arange(start, stop)


def _attributes(node: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    return {name: json.loads(value) for name, value in node.attrs.items() if name != "kind"}


def entry(file: h5py.File, id: str) -> Any:
    """What a file holds of one image or item, in words if there is no such thing."""
    try:
        return file[_key(id)]
    except KeyError:
        raise StoreError(
            f"{file.filename}: holds nothing called {id!r}; the step that writes it must run again"
        ) from None


def _new_key(file: h5py.File, id: str) -> str:
    key = _key(id)
    if not key or key in file:
        raise StoreError(f"{id!r} is the name of two images, or of none; every image needs a name of its own")
    return key


def _key(id: str) -> str:
    # A slash would open a group, and names of dots alone mean places in HDF5 as they do in a file system.
    key = quote(id, safe="")
    return key if key.strip(".") else key.replace(".", "%2E")


def _why_not_written(error: Exception, path: Path) -> str | None:
    """The system's reason, if the error is one of writing; HDF5 and safetensors tell it in words only."""
    full = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    if isinstance(error, OSError) and error.errno in full:
        return os.strerror(error.errno)
    told = (code for code in full if os.strerror(code) in str(error))
    if code := next(told, None):
        return os.strerror(code)
    if isinstance(error, OSError) and re.fullmatch(r"\d+ requested and \d+ written", str(error)):
        return os.strerror(errno.ENOSPC)  # NumPy, which does not pass on why
    if isinstance(error, PermissionError | NotADirectoryError | FileExistsError | IsADirectoryError):
        return error.strerror if str(path.parent) in str(error.filename) else None
    return None
