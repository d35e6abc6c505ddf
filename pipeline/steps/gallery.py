"""gallery: a few restored items of one condition, for the report to show when the rest has been deleted."""

from __future__ import annotations

from pathlib import Path

from pipeline.report.gallery import chosen_items
from pipeline.splits import read_splits
from pipeline.store import read_images, read_restored, write_restored

ITEMS = 4
"""How many items are kept: what the report shows at most, and a few to look at."""


def gallery(images: Path, splits: Path, restored: list[Path], out: Path) -> None:
    """Copy the items that the report shows from each of ``restored`` to a file of the same name in the folder ``out``.

    Which items these are depends on the images and their roles alone, so that every method shows the same.
    """
    with read_images(images) as reader:
        sky, sky_sigma = reader.attributes["sky"], reader.attributes["sky_sigma"]
    chosen = chosen_items(images, read_splits(splits), sky, sky_sigma, ITEMS)
    for path in restored:
        with read_restored(path) as made, write_restored(out / path.name) as kept:
            for item in chosen:
                kept.append(item.item, made.pixels(item.item), **made.attributes(item.item))
