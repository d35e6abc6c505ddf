"""The user's files of a dataset, found by a pattern such as ``data/{id}/{id}-{band}.fits``."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import NamedTuple


class ImageFile(NamedTuple):
    """A file that fits a pattern, and what the pattern reads off its name."""

    path: str
    id: str
    band: str | None


def image_files(pattern: str, bands: list[str] | None = None) -> list[ImageFile]:
    """The files that fit a pattern, in the order of their images' names.

    Parameters
    ----------
    pattern : str
        ``{id}`` stands for the name of an image, and ``{band}`` for one of ``bands``; neither holds a ``/``. Everything
        else means itself.
    bands : list of str, optional
        By default, ``{band}`` stands for any name.
    """
    # The pattern twice: as a glob that finds files, and as an expression that reads the names off them.
    anywhere, expression, seen = "", "", set[str]()
    for part in re.split(r"(\{id\}|\{band\})", pattern):
        name = part[1:-1]
        if part not in ("{id}", "{band}"):
            anywhere, expression = anywhere + glob.escape(part), expression + re.escape(part)
            continue
        anywhere += "*"
        if name in seen:
            expression += f"(?P={name})"
        elif name == "band" and bands:
            expression += f"(?P<band>{'|'.join(map(re.escape, bands))})"
        else:
            expression += f"(?P<{name}>[^/]+)"
        seen.add(name)
    whole = re.compile(expression)
    fitting = (match for path in glob.glob(anywhere) if (match := whole.fullmatch(path)))  # noqa: PTH207
    found = (ImageFile(match[0], match["id"], match.groupdict().get("band")) for match in fitting)
    return sorted((file for file in found if Path(file.path).is_file()), key=lambda file: (file.id, file.path))
