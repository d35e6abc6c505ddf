"""Who judges whom: the table that gives every item of a study its role in every fold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from pipeline.errors import ClearfieldError
from pipeline.tiling import Window

Role = Literal["train", "tune", "calibrate", "test"]
COLUMNS = ("image", "item", "y0", "x0", "height", "width", "group", "fold", "role", "half")
FINAL = "final"
"""In place of a fold's number: the network that is trained on every group, for publication."""

HALVES = ("half0", "half1")
"""In place of a fold's number: the network of one half of the first fold's train role, for the audit."""


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
        If the file is missing, lacks a column, or holds what is no number or no role.
    """
    try:
        # As text first: a group called 007 or NA keeps its name.
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise SplitError(f"{path}: no such file; the step `split` writes it") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise SplitError(f"{path}: not a table ({reason}); delete it, and the step `split` writes it anew") from None
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise SplitError(f"{path}: no column {missing[0]!r}; delete it, and the step `split` writes it anew")
    rows: list[Any] = table[list(COLUMNS)].to_dict("records")
    return [_item(path, line, row) for line, row in enumerate(rows, 2)]


def _item(path: str | Path, line: int, row: dict[str, str]) -> Item:
    try:
        y0, x0, height, width, fold, half = (int(row[name]) for name in ("y0", "x0", "height", "width", "fold", "half"))
    except ValueError:
        raise SplitError(f"{path}: line {line}: a position, fold or half is no whole number") from None
    role: Any = row["role"]
    if role not in get_args(Role):
        raise SplitError(f"{path}: line {line}: role is {role}; {', '.join(get_args(Role))} are known")
    window = Window(y0, x0, height, width)
    return Item(row["image"], row["item"], window, row["group"], fold, role, half)


def items_of(splits: list[Item], fold: int, role: Role) -> list[Item]:
    """Items that have a role in a fold, in the order of the table."""
    return [item for item in splits if item.fold == fold and item.role == role]


def rows_for(splits: list[Item], fold: int | str) -> tuple[list[Item], int | str]:
    """The table by which a network of that name is trained, and the fold of it: a half's is the first, halved.

    What belongs to the other half is put aside in the role ``calibrate``, so that guards are kept towards it too.
    """
    if fold not in HALVES:
        return splits, fold
    half = HALVES.index(str(fold))
    return [
        replace(item, role="calibrate") if item.role == "train" and item.half != half else item for item in splits
    ], 0
