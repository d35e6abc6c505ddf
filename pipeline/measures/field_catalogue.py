"""The catalogue of a field of any size, measured window by window: as that of the whole, in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.image import Mask
from pipeline.measures.catalogue import SourceList, list_sources_above
from pipeline.measures.fluxes import colours, inside, light_within_circles, magnitudes, own_light
from pipeline.measures.light_distribution import light_distribution
from pipeline.measures.sizes import light_radii
from pipeline.measures.sky import sky_of_parts
from pipeline.tiling import Window, tiles
from pipeline.windowed import WindowedImage, strips

CORE, MARGIN = 1024, 128
"""Sources with their centre in a core of so many px belong to it; the window reaches so many px further."""
WIDEST_MARGIN = 1024
"""Where a source reaches further than its window, all of the window's are measured in a wider one, up to this."""
REACH = 1.5
"""Of the longer semi-axis of its ellipse: Kron's radius is measured within so much where it is smallest."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sky:
    """Level per band, shape (C,), and noise of the mean of the bands, of a field as a whole; in its unit."""

    level: Floats
    sigma: float


def sky_of(field: WindowedImage) -> Sky:
    """Measure the sky of a field, strip by strip, once for all of its windows."""
    level = [
        sky_of_parts(lambda band=band: (p.pixels[~p.mask] for p in field.strips(band)))[0]  # type: ignore[misc]
        for band in range(len(field.bands))
    ]

    def means() -> Iterator[NDArray[np.floating]]:
        for window in strips(field.area):
            part = field.part(window)
            yield part.pixels.mean(0)[~part.mask.any(0)]

    return Sky(np.array(level), sky_of_parts(means)[1])


def field_catalogue(field: WindowedImage, sky: Sky, threshold: float, radius: float, core: int = CORE) -> pd.DataFrame:
    """List and measure every source of a field, each once.

    A source belongs to the window in whose core its centroid lies, and is measured in that window with its margin. A
    source has 5 connected pixels above the threshold in the mean of the bands (sep).

    Parameters
    ----------
    field : WindowedImage
    sky : Sky
        Of this field; its level is taken off.
    threshold : float
        Above the sky, in the unit of the field: the same number for fields that are compared.
    radius : float
        In px, of the circle in which colours are measured.
    core : int
        Width of the windows in px, without their margins. Nothing depends on it but pixels where two sources are
        blended, which sep deals between them at random.

    Returns
    -------
    DataFrame
        A row per source, by rows and columns of the field: ``y``, ``x`` in px; ``light_<band>`` within 2.5 Kron radii,
        ``magnitude_<band>`` of it, ``colour_<band>-<band>`` of all pairs, within the circle; of the mean of the bands
        ``half_light_radius`` in px, ``ellipticity`` 1 - b / a, ``concentration`` 5 log10(r80 / r20), ``gini``, ``m20``;
        ``whole``: nothing of that circle is masked or beyond the border.
    """
    parts = list(catalogue_parts(field, sky, threshold, radius, core))
    return pd.concat(parts, ignore_index=True).sort_values(["y", "x"], ignore_index=True)


def catalogue_parts(
    field: WindowedImage, sky: Sky, threshold: float, radius: float, core: int = CORE
) -> Iterator[pd.DataFrame]:
    """As :func:`field_catalogue`, window by window: memory grows neither with the field nor with its sources."""
    return (_measured(field, sky, threshold, radius, window) for window in tiles(field.area, core))


def quantities(bands: tuple[str, ...]) -> list[str]:
    """Columns of a catalogue whose distributions are compared."""
    return [
        *(f"magnitude_{band}" for band in bands),
        *(f"colour_{one}-{other}" for one, other in combinations(bands, 2)),
        *("half_light_radius", "ellipticity", "concentration", "gini", "m20"),
    ]


def _measured(field: WindowedImage, sky: Sky, threshold: float, radius: float, core: Window) -> pd.DataFrame:
    margin = MARGIN
    while True:
        window = core.grown(margin).clipped(field.area)
        part = field.part(window)
        planes = part.pixels.astype(np.float64) - sky.level[:, None, None]
        flagged: Mask = np.any(part.mask, 0)
        sources = list_sources_above(planes.mean(0), flagged, threshold)
        place = core.relative_to(window)
        # Half a pixel before its first one a core begins.
        own = (
            (sources.y >= place.y0 - 0.5) & (sources.y < place.y1 - 0.5)
            & (sources.x >= place.x0 - 0.5) & (sources.x < place.x1 - 0.5)
        )  # fmt: skip
        if margin >= WIDEST_MARGIN or not (own & _reach_further(sources, window, field.area)).any():
            break
        margin *= 2
    return _table(planes, flagged, sources, part.unit, field.bands, radius, window, field.area)[own]


def _reach_further(sources: SourceList, window: Window, area: Window) -> NDArray[np.bool_]:
    """Whether what a source is measured on reaches a side of the window beyond which the field goes on."""
    y, x, radius = sources.y + window.y0, sources.x + window.x0, REACH * sources.a
    return (
        ((y - radius < window.y0) & (window.y0 > area.y0)) | ((y + radius >= window.y1) & (window.y1 < area.y1))
        | ((x - radius < window.x0) & (window.x0 > area.x0)) | ((x + radius >= window.x1) & (window.x1 < area.x1))
    )  # fmt: skip


def _table(
    planes: Floats,
    flagged: NDArray[np.bool_],
    sources: SourceList,
    unit: str,
    bands: tuple[str, ...],
    radius: float,
    window: Window,
    area: Window,
) -> pd.DataFrame:
    mean = planes.mean(0)
    light = [own_light(plane, sources) for plane in planes]
    near = [light_within_circles(plane, sources, radius) for plane in planes]
    r20, r50, r80 = light_radii(mean, sources, (0.2, 0.5, 0.8), flagged).T
    shape = light_distribution(mean, sources)
    y, x = sources.y + window.y0, sources.x + window.x0
    masked = light_within_circles(flagged.astype(float), sources, radius) > 0
    return pd.DataFrame(
        {
            "y": y,
            "x": x,
            **{f"light_{band}": sums for band, sums in zip(bands, light)},
            **{f"magnitude_{band}": magnitudes(sums, unit) for band, sums in zip(bands, light)},
            **{
                f"colour_{bands[i]}-{bands[j]}": colours(near[i], near[j])
                for i, j in combinations(range(len(bands)), 2)
            },
            "half_light_radius": r50,
            "ellipticity": 1 - sources.b / sources.a,
            "concentration": 5 * np.log10(r80 / r20),
            "gini": shape.gini,
            "m20": shape.m20,
            "whole": ~masked & inside(replace(sources, y=y, x=x), radius, (area.height, area.width)),
        }
    )
