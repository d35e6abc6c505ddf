"""Held-out items of a fold, with the sky around them that a restorer may read: what an audit works on."""

from __future__ import annotations

from pipeline.audit.specimen import Specimen
from pipeline.observation import ObservationReader
from pipeline.splits import Item, items_of
from pipeline.steps.instrument import guard_for
from pipeline.store import ImageReader
from pipeline.tiling import Window


def chosen(rows: list[Item], fold: int, count: int) -> list[Item]:
    """So many items of a fold's test role at most, evenly spaced over the table."""
    items = items_of(rows, fold, "test")
    return items if len(items) <= count else [items[k * len(items) // count] for k in range(count)]


def specimens_of(items: list[Item], truths: ImageReader, observations: ObservationReader) -> list[Specimen]:
    """Read items with their guard, as the step ``restore`` does."""
    found = []
    for item in items:
        halo = observations.observation(item.image, Window(0, 0, 1, 1)).operator.halo
        context = item.window.grown(guard_for(2 * halo + 1))
        seen = observations.observation(item.image, context)
        found.append(Specimen(seen, item.window.relative_to(context), truths.image(item.image, context)))
    return found
