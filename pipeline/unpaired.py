"""Who is learned from in which of two domains, so that no translator ever meets anybody in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.splits import Item, SplitError

FOLD = 0
"""Translators learn from its training role, and are judged by its test role."""


def apart(first: Sequence[Item], second: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """The rows of the first fold of both domains, with no group in the training role of both.

    Of groups that are in both tables, as many are learned from in the first domain as in the second, those of ``half``
    0 in the first as far as that goes; none is that either table does not train on. What is not learned from is put
    aside in the role ``calibrate``.

    Parameters
    ----------
    first, second : sequence of Item
        The rows of both tables.

    Raises
    ------
    SplitError
        If there is nobody to learn from in one of the domains.
    """
    one, two = ([item for item in rows if item.fold == FOLD] for rows in (first, second))
    known = {item.group: item for item in one}
    other = {item.group: item for item in two}
    shared = {group for group in known if group in other}
    both = [group for group in shared if known[group].role == other[group].role == "train"]
    both.sort(key=lambda group: (known[group].half, group))
    middle = (len(both) + 1) // 2
    found = (
        [_kept(item, item.group not in shared or item.group in both[:middle]) for item in one],
        [_kept(item, item.group not in shared or item.group in both[middle:]) for item in two],
    )
    for rows in found:
        if not any(item.role == "train" for item in rows):
            raise SplitError(
                f"translation: {len(both)} of the groups that are in both domains can be learned from, and two are "
                "needed, one for each; take fewer folds, or more images"
            )
    return found


def _kept(item: Item, learned: bool) -> Item:
    return item if learned or item.role != "train" else replace(item, role="calibrate")
