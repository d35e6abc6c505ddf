"""Who is learned from in which of two domains, so that no translator ever meets anybody in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.splits import Item

FOLD = 0
"""Translators learn from its training role, and are judged by its test role."""


def apart(first: Sequence[Item], second: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """The rows of the first fold of both domains, with no group in the training role of both.

    Of groups that are in both tables, one half (``half`` 0) is learned from in the first domain, the other in the
    second, and none that either table holds out. What is not learned from is put aside in the role ``calibrate``.

    Parameters
    ----------
    first, second : sequence of Item
        The rows of both tables.
    """
    one, two = ([item for item in rows if item.fold == FOLD] for rows in (first, second))
    known = {item.group: item for item in one}
    other = {item.group: item for item in two}
    shared = {group for group in known if group in other}
    both = {group for group in shared if known[group].role == other[group].role == "train"}
    halves = [{group for group in both if known[group].half == half} for half in (0, 1)]
    return (
        [_kept(item, item.group not in shared or item.group in halves[0]) for item in one],
        [_kept(item, item.group not in shared or item.group in halves[1]) for item in two],
    )


def _kept(item: Item, learned: bool) -> Item:
    return item if learned or item.role != "train" else replace(item, role="calibrate")
