"""Held-out items of a fold, with the sky around them that a restorer may read, and the ground that holds nothing."""

from __future__ import annotations

from pipeline.audit.empty_sky import EmptySky
from pipeline.audit.lesions import Body
from pipeline.audit.specimen import Specimen
from pipeline.config import Study
from pipeline.observation import ObservationReader
from pipeline.splits import Item, items_of
from pipeline.steps.restore import seen_of
from pipeline.store import ImageReader


def chosen(rows: list[Item], fold: int, count: int) -> list[Item]:
    """So many items of a fold's test role at most, evenly spaced over the table."""
    items = items_of(rows, fold, "test")
    return items if len(items) <= count else [items[k * len(items) // count] for k in range(count)]


def specimens_of(items: list[Item], truths: ImageReader, observations: ObservationReader) -> list[Specimen]:
    """Read items with their guard, as the step ``restore`` does."""
    found = []
    for item in items:
        context, seen = seen_of(observations, item)
        found.append(Specimen(seen, item.window.relative_to(context), truths.image(item.image, context)))
    return found


def sky_around(specimens: list[Specimen], truths: ImageReader, study: Study, condition: str) -> EmptySky:
    """Empty sky as the instrument of some specimens sees it under a condition."""
    sky = truths.attributes["sky"]
    return EmptySky(specimens[0].seen, sky, study.audit.field_size, _address(study, condition))


def ground_of(specimens: list[Specimen], truths: ImageReader, study: Study, condition: str) -> EmptySky | Body:
    """On what nothing should be found: empty sky, or where the instrument is a scanner tissue without lesions."""
    if study.degrade.scan is None:
        return sky_around(specimens, truths, study, condition)
    return Body(study.evaluate.lesion, _address(study, condition))


def _address(study: Study, condition: str) -> tuple[object, ...]:
    """Where the random numbers of an audit lie."""
    return study.seed, condition
