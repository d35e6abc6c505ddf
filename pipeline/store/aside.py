"""A file appears under its name when it is whole, or not at all; a full disk is said in a line."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import ClearfieldError


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
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            aside.replace(path)
    finally:
        with suppress(NotADirectoryError):
            aside.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in a line why a file cannot be written.

    Raises
    ------
    StoreError
        If there is no room for it, or no right to write it.
    """
    try:
        yield
    except Exception as error:
        reason = _why_not_written(error, path)
        if reason is None:
            raise
        raise StoreError(f"{path}: cannot be written ({reason}); make room or choose another place") from None


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
