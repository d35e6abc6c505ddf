"""A folder appears under its name when all of it is there, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.store.aside import StoreError, writing


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """Give a new, empty folder to write to, which takes the place of ``path`` on success and is removed on failure.

    Raises
    ------
    StoreError
        If there is no room for it, or no right to write it.
    """
    aside, before = (path.with_name(f".{word}{os.getpid()}.{path.name}") for word in ("part", "before"))
    try:
        with writing(path):
            aside.mkdir(parents=True)
            yield aside
            if path.exists():
                path.rename(before)
            aside.rename(path)
            shutil.rmtree(before, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Refuse to write over what is there, unless that is asked for.

    Raises
    ------
    StoreError
    """
    if path.exists() and not overwrite:
        raise StoreError(f"{path}: is there already; write over it with --overwrite, or give another name")


def refuse_foreign(folder: Path, mark: Path) -> None:
    """Refuse to take the place of what no earlier run wrote.

    Parameters
    ----------
    folder : path
        What is to be written.
    mark : path
        A file that lies in or beside every such folder.

    Raises
    ------
    StoreError
    """
    if folder.exists() and not (folder.is_dir() and mark.is_file()):
        raise StoreError(f"{folder}: is not what this command writes, and is left alone; give another name")
