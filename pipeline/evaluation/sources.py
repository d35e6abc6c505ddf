"""Measuring one item as an astronomer would: each source of the truth at its place, and a list of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.scene import BORDER, OK, Flags, Scene
from pipeline.evaluation.signal_to_noise import combined
from pipeline.evaluation.source_measures import FOUND, MORPHOLOGY, REAL, TOTAL, light_measure
from pipeline.image import DISPLAY
from pipeline.measures.catalogue import list_sources, match
from pipeline.measures.fluxes import colours, inside, light_within_ellipses, magnitudes
from pipeline.measures.moments import adaptive_moments
from pipeline.measures.morphology import morphology
from pipeline.measures.sizes import half_light_radii

Array = NDArray[np.floating]
Floats = NDArray[np.float64]

FAILED, DOUBTFUL = "failed", "doubtful"
"""Nothing was found; statmorph doubts its own result, which is given all the same."""
TRUTH = "truth"
"""In place of a method: the truth, measured as all others are."""
SAME_WITHIN, SAME_WITHIN_FWHM = 2.0, 0.5
"""Two sources are one within 2 px, or half the FWHM of the PSF if that is more."""
MAGNITUDE, LISTED = "magnitude", "magnitude_listed"
"""Of a source of the truth, and of one on the list that was made of the image; in the mean of the bands."""


@dataclass(frozen=True)
class Column:
    """Values of one measure in one band, for some sources.

    Parameters
    ----------
    measure, band : str
        The band is empty where all were taken together, ``g-r`` for a colour.
    source : array, shape (N,), int
        Number on the truth's list; of ``purity`` and ``magnitude_listed`` on the list that was made of the image.
    value, snr : array, shape (N,)
        ``snr`` is that of the observation; NaN of what may be no source.
    flag : array, shape (N,), str
    """

    measure: str
    band: str
    source: NDArray[np.intp]
    value: Floats
    snr: Floats
    flag: Flags


def measured(restored: Array, scene: Scene, with_morphology: bool) -> Iterator[Column]:
    """Measure one restored item at the places, within the apertures and above the sky that the truth has.

    Parameters
    ----------
    restored : array, shape (C, H, W)
        The whole item, in the unit of the image.
    scene : Scene
    with_morphology : bool
        Measure the best seen source with statmorph, which takes half a second.
    """
    pixels = scene.judged(restored)
    yield from _listed(pixels, scene)
    if len(scene.sources):
        yield from _light(pixels, scene)
        for number in range(len(scene.bands)):
            yield from _shape(pixels[number], scene, number)
        if with_morphology:
            yield from _morphology(pixels[scene.reference], scene)


def _light(pixels: Array, scene: Scene) -> Iterator[Column]:
    for name in (TOTAL, *scene.radii):
        found = [(scene.light(plane, name, c), scene.flags[name][c]) for c, plane in enumerate(pixels)]
        for band, (light, flag), snr in zip(scene.bands, found, scene.snr):
            yield _column(light_measure(scene.unit, name), band, light, snr, flag)
        if scene.unit == DISPLAY or name == TOTAL:
            continue
        for c in range(len(scene.bands) - 1):
            (bluer, flag), (redder, other) = found[c : c + 2]
            band, snr = f"{scene.bands[c]}-{scene.bands[c + 1]}", np.minimum(scene.snr[c], scene.snr[c + 1])
            yield _column(f"colour_{name}", band, colours(bluer, redder), snr, np.where(flag == OK, other, flag))


def _shape(plane: Array, scene: Scene, c: int) -> Iterator[Column]:
    mask, flag, snr = scene.mask[c], scene.flags[TOTAL][c], scene.snr[c]
    moments = adaptive_moments(plane, scene.sources, mask)
    values = {
        "half_light_radius": half_light_radii(plane, scene.sources, mask),
        "y": moments.y, "x": moments.x, "g1": moments.g1, "g2": moments.g2,
    }  # fmt: skip
    for name, value in values.items():
        yield _column(name, scene.bands[c], value, snr, flag)


def _morphology(plane: Array, scene: Scene) -> Iterator[Column]:
    c = scene.reference
    usable = np.where(scene.flags[TOTAL][c] == OK, scene.snr[c], -1)
    best = int(usable.argmax())
    if usable[best] < 0:
        return
    found = morphology(plane, scene.sources, best, scene.noise[c], scene.mask[c])
    flag = np.array([DOUBTFUL if found.flag else OK])
    for name in MORPHOLOGY:
        value = np.array([getattr(found, name)])
        yield _column(name, scene.bands[c], value, scene.snr[c, [best]], flag, np.array([best]))


def _listed(pixels: Array, scene: Scene) -> Iterator[Column]:
    own = list_sources(pixels, scene.detection, scene.mask, scene.sources.threshold)
    radius = max(SAME_WITHIN, SAME_WITHIN_FWHM * scene.fwhm)
    snr, unknown = combined(scene.snr), np.full(len(own), math.nan)
    lists = (
        (FOUND, MAGNITUDE, scene.sources, own, scene.truth, snr),
        (REAL, LISTED, own, scene.sources, pixels, unknown),
    )
    for name, brightness, some, others, image, known in lists:
        if not len(some):
            continue
        # What a source's partner may lie beyond the border of says nothing.
        flag = np.where(inside(some, radius, image.shape[-2:]), OK, BORDER)
        yield _column(name, "", (match(some, others, radius) >= 0).astype(float), known, flag)
        if scene.unit != DISPLAY:
            light = light_within_ellipses(image.mean(0), some)
            yield _column(brightness, "", magnitudes(light, scene.unit), known, flag)


def _column(
    measure: str, band: str, value: Floats, snr: Floats, flag: Flags, source: NDArray[np.intp] | None = None
) -> Column:
    """A column whose values are missing where its flag says why, and whose flag says where a value is missing."""
    known = np.isin(flag, (OK, DOUBTFUL))
    flag = np.where(known & ~np.isfinite(value), FAILED, flag)
    numbers = np.arange(len(value)) if source is None else source
    return Column(measure, band, numbers, np.where(known, value, np.nan), snr, flag)
