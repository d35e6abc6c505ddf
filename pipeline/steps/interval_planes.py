"""The interval of every pixel of a restored image, as planes beside it: written by windows, like the image itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.evaluation.calibration import ALL, PIXELS, Calibration, bin_numbers
from pipeline.evaluation.interval_items import RestoredItem
from pipeline.image import Pixels
from pipeline.measures.background import Background
from pipeline.model_file import Model
from pipeline.physics.operator import Operator
from pipeline.restorers.spread import SpreadEstimator
from pipeline.steps.interval_models import restored_by_tiles
from pipeline.store import Scratch, scratch
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

log = logging.getLogger("clearfield")

HALF, LOWER, UPPER = "ERR", "LOWER95", "UPPER95"
"""Half the width of the interval that holds 68% of what may be, and the ends of that which holds 95%."""

Planes = Mapping[str, Callable[[int, Window], Pixels]]


def has_intervals(model: Model) -> bool:
    """Whether a model says how far it is off."""
    return bool(model.spread) and "intervals" in model.card


@contextmanager
def interval_planes(
    model: Model,
    restored: WindowedImage,
    seen: WindowedImage,
    operator: Operator,
    background: Background | None,
    out: Path,
    tile: int,
) -> Iterator[Planes]:
    """Give the planes ``ERR``, ``LOWER95`` and ``UPPER95`` of a restored image, by name; none where there are none.

    Until the context ends they lie in a nameless file beside the output, three times the size of the image.

    Parameters
    ----------
    model : Model
    restored, seen : WindowedImage
        The result without its background, and the data as the network saw them.
    operator : Operator
    background : Background, optional
        What is added to the result; the bounds get it too.
    out : path
    tile : int
        Results do not depend on it.
    """
    if not has_intervals(model):
        yield {}
        return
    calibration = calibration_of(model)
    bands, height, width = seen.shape
    with scratch(out, (3 * bands, height, width)) as room:
        estimator = SpreadEstimator(model, tile)
        for window, made in restored_by_tiles(estimator, restored, seen, operator):
            room.write(window, planes_of(made, calibration))
        light = background or _none
        yield {
            HALF: partial(_read, room, 0),
            LOWER: lambda band, window: _read(room, bands, band, window) + light(band, window),
            UPPER: lambda band, window: _read(room, 2 * bands, band, window) + light(band, window),
        }


def calibration_of(model: Model) -> Calibration:
    """How the pixels of a model that has intervals were calibrated."""
    return Calibration.from_dict(model.card["intervals"]["calibrated"][PIXELS])


def planes_of(made: RestoredItem, calibration: Calibration) -> Pixels:
    """``ERR``, ``LOWER95`` and ``UPPER95`` of restored pixels, one after the other: shape (3 C, H, W)."""
    bins, largest = bin_numbers(made.snr), np.finfo(np.float32).max
    (low, high), (lower, upper) = (
        [made.bound(ends[bins]) for ends in calibration.ends(level)] for level in (0.68, 0.95)
    )
    return np.concatenate([(high - low) / 2, lower, upper]).clip(-largest, largest).astype(np.float32)


def intervals_in_words(model: Model) -> list[str]:
    """What a history says of the planes, a line each; nothing where there are none."""
    if not has_intervals(model):
        return []
    card = model.card["intervals"]
    notes = card["calibrated"][PIXELS]["notes"]
    rest = f"{notes[ALL]['groups']} {card['counted']} that the network had not seen"
    lines = [
        f"{HALF}: half the width of the interval that holds 68% of what a pixel may be; {LOWER}, {UPPER}: that of 95%",
        f"intervals are calibrated on {rest}, by signal-to-noise, for images like those of the training",
    ]
    borrowed = [name for name, note in notes.items() if note["borrowed"]]
    if borrowed:
        lines.append(f"too few groups of their own had signal-to-noise {', '.join(borrowed)}: all were taken for them")
    if not notes[ALL]["corrected"]:
        lines.append("so few groups do not bound how often the intervals hold the truth in another image")
    return lines


def _none(_band: int, window: Window) -> Pixels:
    return np.zeros((window.height, window.width), np.float32)


def _read(room: Scratch, first: int, band: int, window: Window) -> Pixels:
    values: Pixels = room.read(first + band, window)
    return values
