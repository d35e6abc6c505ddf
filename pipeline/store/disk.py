"""A disk that HDF5 never finds full."""

from __future__ import annotations

import io
from typing import Any


class Disk(io.FileIO):
    """A file in which HDF5 can always write: what the disk refuses is remembered and raised by :meth:`check`.

    HDF5 keeps what it could not write, tries again when the process ends, and crashes it.
    """

    refused: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of it, or nothing more once the disk has refused."""
        view = memoryview(data).cast("B")
        done = 0
        while self.refused is None and done < len(view):
            try:
                done += super().write(view[done:])
            except OSError as error:
                self.refused = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Cut or lengthen the file, if the disk lets it be."""
        size = self.tell() if size is None else size
        try:
            return super().truncate(size)
        except OSError as error:
            self.refused = self.refused or error
            return size

    def readinto(self, buffer: Any) -> int:
        """Read what is there; what was refused is read back as zeros."""
        view = memoryview(buffer).cast("B")
        read = super().readinto(view) or 0
        view[read:] = bytes(len(view) - read)
        return len(view)

    def check(self) -> None:
        """Raise what the disk refused, if anything."""
        if self.refused is not None:
            raise self.refused
