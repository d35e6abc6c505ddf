"""A folder of your own files, found by a pattern such as ``data/{id}/{id}-{band}.fits``."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.datasets.groups import read_groups, some
from pipeline.formats import read_image
from pipeline.image_files import image_files


def folder(settings: Images) -> Dataset:
    """The images whose files fit ``settings.path``, in the order of their names.

    ``{id}`` stands for the name of an image, and ``{band}`` for one of ``settings.bands``; neither holds a ``/``. Files
    that do not fit are left alone. Without a table of groups, every image is a group of its own.

    Raises
    ------
    DatasetError
        If no file fits, an image lacks the file of a band, or the table of groups does not hold exactly these images.
    """
    pattern = settings.path or ""
    bands = settings.bands if settings.bands is not None and "{band}" in pattern else None
    ids = _ids(pattern, bands)
    files = {id: _files(pattern, id, bands) for id in ids}
    groups = read_groups(settings.groups, ids) if settings.groups is not None else {}
    return Dataset(
        {id: str(paths[0]) for id, paths in files.items()},
        lambda id: read_image(files[id], settings, id, groups.get(id, id)),
    )


def _ids(pattern: str, bands: list[str] | None) -> list[str]:
    ids = sorted({file.id for file in image_files(pattern, bands)})
    if ids:
        return ids
    others = sorted({file.band or "" for file in image_files(pattern)}) if bands else []
    if others:
        raise DatasetError(
            f"{pattern}: no file of the bands {', '.join(bands or [])}; "
            f"files are there for {some(others)}: set images.bands"
        )
    raise DatasetError(f"{pattern}: {_what_is_there(pattern)}: set images.path")


def _files(pattern: str, id: str, bands: list[str] | None) -> list[Path]:
    named = pattern.replace("{id}", id)
    paths = [Path(named.replace("{band}", band)) for band in bands] if bands else [Path(named)]
    for path in paths:
        if not path.is_file():
            raise DatasetError(
                f"{path}: no such file; the image {id!r} has no band for it: add it, or set images.bands"
            )
    return paths


def _what_is_there(pattern: str) -> str:
    parent = Path(re.split(r"\{id\}|\{band\}", pattern)[0] + "x").parent
    if not parent.is_dir():
        return f"no file fits, and there is no folder {parent}"
    names = sorted(path.name for path in parent.iterdir())
    return f"no file fits; the folder {parent} has {some(names)}" if names else f"the folder {parent} is empty"
