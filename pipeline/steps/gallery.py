"""gallery: a few restored items of one condition, for the report to show when the rest has been deleted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.evaluation.outliers import first_psnr, outliers
from pipeline.report.gallery import chosen_items
from pipeline.report.outliers import NAMED
from pipeline.splits import Item, read_splits
from pipeline.store import read_images, read_restored, write_restored

ITEMS = 4
"""How many items are kept: what the report shows at most, and a few to look at."""


def gallery(images: Path, splits: Path, restored: list[Path], metrics: list[Path], out: Path) -> None:
    """Copy the items that the report shows from each of ``restored`` to a file of the same name in the folder ``out``.

    These are the items with the most sources, which depend on the images and their roles alone, and those that lie
    farthest outside the boxes of their fold, by what ``evaluate`` wrote in ``metrics``; every method shows the same.
    """
    with read_images(images) as reader:
        sky, sky_sigma = reader.attributes["sky"], reader.attributes["sky_sigma"]
    items = read_splits(splits)
    chosen = chosen_items(images, items, sky, sky_sigma, ITEMS)
    chosen += [item for item in _outlying(items, metrics) if item not in chosen]
    for path in restored:
        with read_restored(path) as made, write_restored(out / path.name) as kept:
            for item in chosen:
                kept.append(item.item, made.pixels(item.item), **made.attributes(item.item))


def _outlying(items: list[Item], metrics: list[Path]) -> list[Item]:
    if not metrics:
        return []
    scores = first_psnr(pd.concat([pd.read_parquet(path) for path in metrics], ignore_index=True))
    tests = {item.item: item for item in items if item.role == "test"}
    return list(dict.fromkeys(tests[one.item] for one in outliers(scores)[:NAMED]))
