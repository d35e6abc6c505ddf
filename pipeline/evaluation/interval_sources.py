"""Intervals for what is measured on sources: light, colour and size, with a spread that the error of pixels gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.calibration import CONSTANT, CalibrationScores
from pipeline.evaluation.interval_items import RestoredItem, units_of
from pipeline.evaluation.scene import OK, Scene
from pipeline.evaluation.source_measures import TOTAL, light_measure
from pipeline.evaluation.sources import Column, measured
from pipeline.image import Pixels
from pipeline.splits import Item

Floats = NDArray[np.float64]

SIZE = "half_light_radius"
MAGNITUDES = 2.5 / np.log(10)
"""Of a relative error of 1, where it is small."""


@dataclass(frozen=True, eq=False)
class JudgedSources:
    """One measure in one band, for the sources of an item: arrays of shape (N,).

    Parameters
    ----------
    measure, band : str
    truth, restored, spread : array
        In the unit of the measure. The spread is that of independent pixels, and by no means the error: how much
        larger that is, a calibration says.
    snr : array
        Of a point at the source's place, as the data have it.
    unit : array, int
    units : list of str
    scale : float
        In which errors of no spread are counted: fluxes are of any size.
    """

    measure: str
    band: str
    truth: Floats
    restored: Floats
    spread: Floats
    snr: Floats
    unit: NDArray[np.intp]
    units: list[str]
    scale: float = 1.0

    @property
    def score(self) -> Floats:
        """Errors in units of their spread."""
        return (self.truth - self.restored) / self.spread


def judged_sources(
    truth: Pixels, made: RestoredItem, half_width: Pixels, scene: Scene, item: Item, cell: int
) -> Iterator[JudgedSources]:
    """Measure the sources of an item in the truth and in what was restored.

    Light within an aperture has the spread ``sqrt(sum e^2)`` of the half widths ``e`` of its pixels' 68% intervals; a
    colour that of two such, relative to their light; a half-light radius is taken to be off by as much of itself as
    the total light is.

    Parameters
    ----------
    truth : array, shape (C, H, W)
    made : RestoredItem
    half_width : array, shape (C, H, W)
        Of the 68% interval of each pixel, in the unit of the image.
    scene : Scene
        The sources, found in the truth.
    item : Item
    cell : int
        As for :func:`~pipeline.evaluation.interval_items.judged_pixels`.
    """
    if not len(scene.sources):
        return
    window = (slice(None), *scene.window)
    squared, snr = np.asarray(half_width, np.float64)[window] ** 2, made.snr[window]
    right = {(c.measure, c.band): c for c in measured(truth, scene, False)}
    found = {(c.measure, c.band): c for c in measured(made.restored, scene, False)}
    y, x = (np.clip(np.rint(v).astype(int), 0, n - 1) for v, n in
            zip((scene.sources.y, scene.sources.x), snr.shape[-2:]))  # fmt: skip
    numbers, units = units_of(item, cell)
    unit = numbers[scene.window][y, x]
    relative: dict[str, list[Floats]] = defaultdict(list)
    for aperture in (TOTAL, *scene.radii):
        for c, band in enumerate(scene.bands):
            column = found[light_measure(scene.unit, aperture), band]
            spread = np.sqrt(scene.light(squared[c], aperture, c))
            relative[aperture].append(spread / np.maximum(column.value, spread))
            yield from _known(column, right, spread, snr[c, y, x], unit, units, made.stretch.softening[c])
    for c, band in enumerate(scene.bands):
        column = found[SIZE, band]
        yield from _known(column, right, column.value * relative[TOTAL][c], snr[c, y, x], unit, units)
    for (name, band), column in found.items():
        if name.startswith("colour_"):
            c, aperture = _first(band, scene.bands), name.removeprefix("colour_")
            spread = MAGNITUDES * np.hypot(relative[aperture][c], relative[aperture][c + 1])
            dimmer = np.minimum(snr[c, y, x], snr[c + 1, y, x])
            yield from _known(column, right, spread, dimmer, unit, units)


def count_sources(scores: CalibrationScores, judged: JudgedSources) -> None:
    """Take the errors of a measure into its calibration, and into that of intervals of constant width."""
    for number, unit in enumerate(judged.units):
        own = judged.unit == number
        scores.of(judged.measure).add(unit, judged.score[own], judged.snr[own])
        error = (judged.truth - judged.restored)[own] / judged.scale
        scores.of(constant_name(judged)).add(unit, error, np.zeros(own.sum()))


def constant_name(judged: JudgedSources) -> str:
    """What the intervals of constant width of a measure in a band are called."""
    return f"{CONSTANT}_{judged.measure}_{judged.band}"


def _known(
    column: Column,
    right: Mapping[tuple[str, str], Column],
    spread: Floats,
    snr: Floats,
    unit: NDArray[np.intp],
    units: list[str],
    scale: float = 1.0,
) -> Iterator[JudgedSources]:
    true = right.get((column.measure, column.band))
    if true is None:
        return
    usable = (column.flag == OK) & (true.flag == OK) & (spread > 0) & np.isfinite(spread)
    usable &= np.isfinite(column.value) & np.isfinite(true.value)
    if usable.any():
        values = (true.value[usable], column.value[usable], spread[usable], snr[usable].astype(np.float64))
        yield JudgedSources(column.measure, column.band, *values, unit[usable], units, scale)


def _first(colour: str, bands: tuple[str, ...]) -> int:
    return next(c for c in range(len(bands) - 1) if f"{bands[c]}-{bands[c + 1]}" == colour)
