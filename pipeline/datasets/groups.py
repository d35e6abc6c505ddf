"""The table that says which images belong together: one galaxy, one patient."""

from __future__ import annotations

import pandas as pd

from pipeline.datasets.dataset import DatasetError


def read_groups(path: str, ids: list[str]) -> dict[str, str]:
    """Group of each image, from a CSV with the columns id and group.

    Raises
    ------
    DatasetError
        If it is no such table, or does not hold exactly these images.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except FileNotFoundError:
        raise DatasetError(
            f"{path}: no such file; images.groups must name a CSV with the columns id and group"
        ) from None
    except (ValueError, OSError) as error:
        raise DatasetError(
            f"{path}: not a CSV with the columns id and group ({' '.join(str(error).split())})"
        ) from None
    for column in ("id", "group"):
        if column not in table.columns:
            raise DatasetError(f"{path}: no column {column!r}; it has {', '.join(map(str, table.columns))}")
    repeated = table.loc[table["id"].duplicated(), "id"]
    if len(repeated):
        raise DatasetError(f"{path}: {repeated.iloc[0]!r} stands there twice; one line per image is needed")
    groups = dict(zip(table["id"], table["group"]))
    unknown, missing = sorted(set(groups) - set(ids)), sorted(set(ids) - set(groups))
    if unknown:
        raise DatasetError(
            f"{path}: no image is called {unknown[0]!r} ({len(unknown)} such); the images are {some(ids)}"
        )
    if missing:
        raise DatasetError(f"{path}: no group for the image {missing[0]!r} ({len(missing)} such); add a line for each")
    empty = [id for id in ids if not groups[id].strip()]
    if empty:
        raise DatasetError(f"{path}: the group of {empty[0]!r} is empty; give it a name")
    return groups


def some(names: list[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
