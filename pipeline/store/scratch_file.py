"""Planes that memory need not hold, in a file that is gone when the work is done."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from pipeline.image import Pixels
from pipeline.store.aside import writing
from pipeline.tiling import Window


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
        with writing(self._path):
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
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = opened.enter_context(tempfile.TemporaryFile(dir=path.parent, buffering=0))
        yield Scratch(file, path, shape)
