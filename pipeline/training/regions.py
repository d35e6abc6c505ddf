"""The sky that a fold may learn from: regions of its role, kept clear of every other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.splits import Item, Role
from pipeline.tiling import Window

SAMPLED_REGIONS = 256
"""Regions on which a fold's statistics are measured, at most."""


class SceneError(ClearfieldError):
    """A fold that has nothing to learn from."""


@dataclass(frozen=True)
class Region:
    """A rectangle of one image that a role may use."""

    image: str
    window: Window


def regions(splits: Sequence[Item], fold: int | None, role: Role, guard: int) -> list[Region]:
    """Rectangles of a role, with ``guard`` pixels between them and every item of another role in the same image.

    Parameters
    ----------
    splits : sequence of Item
    fold : int or None
        None takes everything that is held out in some fold, which is every pixel once: for the model that is trained
        on all groups.
    role : str
    guard : int
        Pixels of distance; 0 where the rectangle is only read, not learned from.

    Raises
    ------
    SceneError
        If nothing is left.
    """
    if fold is None:
        chosen, others = [i for i in splits if i.role == "test"], []
    else:
        chosen = [i for i in splits if i.fold == fold and i.role == role]
        others = [i for i in splits if i.fold == fold and i.role != role]
    kept, beside = [], _windows(others)
    for image, windows in _windows(chosen).items():
        cut = (_kept_clear(window, beside.get(image, []), guard) for window in windows)
        kept += [Region(image, window) for window in cut if window.height > 0 and window.width > 0]
    if not kept:
        raise SceneError(
            f"fold {fold}: nothing is left for the role {role!r} beside the guards; take fewer folds or smaller blocks"
        )
    return kept


def sampled(count: int) -> list[int]:
    """Numbers of some regions of ``count``, evenly chosen: enough to measure what a fold's images are like."""
    return np.unique(np.linspace(0, count - 1, min(SAMPLED_REGIONS, count)).astype(int)).tolist()


def _windows(items: Iterable[Item]) -> dict[str, list[Window]]:
    """Windows of each image, those that touch joined."""
    found: dict[str, list[Window]] = {}
    for item in items:
        found.setdefault(item.image, []).append(item.window)
    return {image: _merged(windows) for image, windows in found.items()}


def _merged(found: list[Window]) -> list[Window]:
    """Join rectangles that touch along a whole side, so that crops may lie across blocks."""
    result: list[Window] = []
    for window in found:
        for index, other in enumerate(result):
            joined = _joined(other, window)
            if joined is not None:
                result[index] = joined
                break
        else:
            result.append(window)
    return _merged(result) if len(result) < len(found) else result


def _joined(a: Window, b: Window) -> Window | None:
    if (a.x0, a.width) == (b.x0, b.width) and (a.y1 == b.y0 or b.y1 == a.y0):
        return Window(min(a.y0, b.y0), a.x0, a.height + b.height, a.width)
    if (a.y0, a.height) == (b.y0, b.height) and (a.x1 == b.x0 or b.x1 == a.x0):
        return Window(a.y0, min(a.x0, b.x0), a.height, a.width + b.width)
    return None


def _kept_clear(window: Window, others: list[Window], guard: int) -> Window:
    """Cut from a rectangle what lies within ``guard`` of another one, along the side that costs least."""
    for other in others:
        near = window.clipped(other.grown(guard))
        if near.height == 0 or near.width == 0:
            continue
        parts = [
            Window(window.y0, window.x0, near.y0 - window.y0, window.width),
            Window(near.y1, window.x0, window.y1 - near.y1, window.width),
            Window(window.y0, window.x0, window.height, near.x0 - window.x0),
            Window(window.y0, near.x1, window.height, window.x1 - near.x1),
        ]
        window = max(parts, key=lambda part: part.height * part.width)
    return window
