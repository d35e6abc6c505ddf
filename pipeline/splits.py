"""Who judges whom: the table that gives every item of a study its role in every fold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from pipeline.errors import ClearfieldError
from pipeline.tiling import Window

Role = Literal["train", "tune", "calibrate", "test"]
COLUMNS = ("image", "item", "y0", "x0", "height", "width", "group", "fold", "role", "half")


class SplitError(ClearfieldError):
    """A split that cannot be made, or a table that holds none."""


@dataclass(frozen=True)
class Item:
    """What is trained on or judged as one: a whole small image, or a block of a large one.

    ``window`` is the part of the image that is scored; a restorer may also read ``guard`` pixels of context around it.
    """

    image: str
    item: str
    window: Window
    group: str
    fold: int
    role: Role
    half: int
    """0 or 1: the disjoint half of the groups to which the item belongs."""


def read_splits(path: str | Path) -> list[Item]:
    """Read ``splits.csv``.

    Raises
    ------
    SplitError
        If the file is missing or lacks a column.
    """
    try:
        table = pd.read_csv(path, dtype={"image": str, "item": str, "group": str}, keep_default_na=False)
    except FileNotFoundError:
        raise SplitError(f"{path}: no such file; the step `split` writes it") from None
    missing = sorted(set(COLUMNS) - set(table.columns))
    if missing:
        raise SplitError(f"{path}: no column {missing[0]!r}; the step `split` writes it anew")
    return [
        Item(r.image, r.item, Window(r.y0, r.x0, r.height, r.width), r.group, r.fold, r.role, r.half)
        for r in table.itertuples(index=False)
    ]


def items_of(splits: list[Item], fold: int, role: Role) -> list[Item]:
    """Items that have a role in a fold, in the order of the table."""
    return [item for item in splits if item.fold == fold and item.role == role]
