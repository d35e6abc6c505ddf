"""The light of a field, source by source, as galsim draws it through the instrument's PSF and on its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import galsim
import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.simulated_survey.field import Placed
from pipeline.datasets.simulated_survey.galaxies import BULGE_ENDS
from pipeline.datasets.simulated_survey.presets import PRESETS
from pipeline.datasets.simulated_survey.sources import SOURCE_CLASSES, Component
from pipeline.datasets.simulated_survey.survey import Survey

FAINTEST_LIGHT = 1.0
"""A pixel belongs to a source whose light there, averaged over the bands in sigmas of their sky, is above this."""
EDGE = 0.01
"""Light that a source may have at the edge of its stamp, in sigmas of a band's sky: what lies beyond is not drawn."""
_SMALLEST_STAMP = 16
_WIDER = 1.5
"""By how much a stamp grows whose edge is too bright: eleven times fainter, in the wings of a Moffat of beta 3."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a perfect detector would see, and whose light it is.

    Parameters
    ----------
    pixels : array, shape (C, H, W), float32
        Counts without noise or sky.
    segmentation : array, shape (H, W), int32
        Label of the source that gives a pixel most of its light; 0 is sky.
    classes : array, shape (H, W), uint8
        What that source is: a place in ``SOURCE_CLASSES``.
    """

    pixels: NDArray[np.float32]
    segmentation: NDArray[np.int32]
    classes: NDArray[np.uint8]


def render(survey: Survey, sources: list[Placed]) -> Scene:
    """Draw the sources of an image.

    Parameters
    ----------
    survey : Survey
    sources : list of Placed
        See :func:`~pipeline.datasets.simulated_survey.field.field`.
    """
    bands, size = survey.bands, survey.size
    sky = np.array([survey.preset.sky_sigma(band) for band in bands])[:, None, None]
    pixels = np.zeros((len(bands), size, size))
    most = np.full((size, size), FAINTEST_LIGHT)
    segmentation, classes = np.zeros((size, size), np.int32), np.zeros((size, size), np.uint8)
    for placed in sources:
        stamp, light = _light(survey, placed, sky)
        if not stamp.area():
            continue
        here = slice(stamp.ymin, stamp.ymax + 1), slice(stamp.xmin, stamp.xmax + 1)
        pixels[:, *here] += light
        share = (light / sky).mean(0)
        owned = share > most[here]
        most[here][owned] = share[owned]
        segmentation[here][owned] = placed.label
        classes[here][owned] = SOURCE_CLASSES.index(placed.source.kind)
    return Scene(pixels.astype(np.float32), segmentation, classes)


def profile(survey: Survey, placed: Placed, band: int) -> galsim.GSObject:
    """A source as the instrument's optics show it in a band, in counts, before its pixels."""
    shapes = [_shape(part) * counts[band] for part, counts in zip(placed.source.components, placed.counts)]
    return galsim.Convolve(galsim.Sum(shapes), psf(survey.name, survey.bands[band]))


@cache
def psf(preset: str, band: str) -> galsim.GSObject:
    """The PSF of a preset in one of its filters, of flux 1, before the pixels."""
    instrument = PRESETS[preset]
    return instrument.psf(instrument.filters[band])


def _shape(part: Component) -> galsim.GSObject:
    radius = part.half_light_radius
    if part.profile == "point":
        shape = galsim.DeltaFunction()
    elif part.profile == "exponential":
        shape = galsim.Exponential(half_light_radius=radius)
    elif part.profile == "gaussian":
        shape = galsim.Gaussian(half_light_radius=radius)
    else:
        shape = galsim.Sersic(4, half_light_radius=radius, trunc=BULGE_ENDS * radius)
    return shape.shear(g1=part.g1, g2=part.g2).shift(part.dx, part.dy)


def _light(survey: Survey, placed: Placed, sky: NDArray[np.float64]) -> tuple[galsim.BoundsI, NDArray[np.float64]]:
    """Pixels on which a source is drawn, inside the image, and its light there, shape (C, h, w).

    The stamp holds the share of the light that galsim sees to. Of a bright star the rest is still seen, so the stamp
    grows until its edge is fainter than ``EDGE``.
    """
    half = _half_width(survey, placed)
    while True:
        stamp = _around(placed, half) & galsim.BoundsI(0, survey.size - 1, 0, survey.size - 1)
        if not stamp.area():
            return stamp, np.zeros((len(survey.bands), 0, 0))
        light = np.stack([_drawn(survey, placed, number, stamp) for number in range(len(survey.bands))])
        if not _cut(light / sky, stamp, survey.size - 1):
            return stamp, light
        half = int(np.ceil(_WIDER * half))


def _half_width(survey: Survey, placed: Placed) -> int:
    """What galsim finds that the light of a source needs in any band, in px."""
    scale = survey.preset.pixel_scale
    width = max(profile(survey, placed, band).getGoodImageSize(scale) for band in range(len(survey.bands)))
    return max(width, _SMALLEST_STAMP) // 2


def _around(placed: Placed, half: int) -> galsim.BoundsI:
    x, y = round(placed.x), round(placed.y)
    return galsim.BoundsI(x - half, x + half, y - half, y + half)


def _cut(light: NDArray[np.float64], stamp: galsim.BoundsI, last: int) -> bool:
    """Whether light, in sigmas of the sky, ends visibly at an edge of the stamp that is not the image's."""
    edges = [
        (stamp.xmin > 0, light[..., 0]), (stamp.xmax < last, light[..., -1]),
        (stamp.ymin > 0, light[..., 0, :]), (stamp.ymax < last, light[..., -1, :]),
    ]  # fmt: skip
    return any(inside and edge.max() > EDGE for inside, edge in edges)


def _drawn(survey: Survey, placed: Placed, band: int, stamp: galsim.BoundsI) -> NDArray[np.float64]:
    image = galsim.ImageD(stamp, scale=survey.preset.pixel_scale)
    profile(survey, placed, band).drawImage(image=image, center=galsim.PositionD(placed.x, placed.y))
    return image.array
