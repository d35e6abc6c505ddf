"""The truth table: a line for each source of each image, known before any light is drawn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.datasets.simulated_survey.field import Placed, field
from pipeline.datasets.simulated_survey.place import wcs_of
from pipeline.datasets.simulated_survey.survey import Survey


def catalogue(survey: Survey) -> pd.DataFrame:
    """Every source of a survey, in the order of the images.

    Returns
    -------
    DataFrame
        - image, label: which image, and the source's number in its segmentation;
        - x, y: px from the middle of the first pixel; ra, dec: degrees;
        - type: star, galaxy or quasar; template: E, Sbc, Scd, Im, quasar, or the temperature of a star;
        - redshift; absolute_magnitude: AB, at rest in r; distance_modulus: mag;
        - bulge_share, clump_share: of the light at rest in r;
        - half_light_radius: arcsec, of the circle of the same area, at rest in r and without a PSF;
        - g1, g2, axis_ratio, angle: shape of the outer parts, reduced shear; degrees from x to y;
        - blended_with: label of the source that it was put beside, 0 for none; nearest: px to the next source;
        - magnitude_<band>: AB; flux_<band>: counts. Both of all its light, the part outside of the image with it.
    """
    lines = [line for id, number in survey.ids.items() for line in _lines(survey, id, number)]
    return pd.DataFrame(lines)


def _lines(survey: Survey, id: str, number: int) -> list[dict[str, Any]]:
    sources, wcs = field(survey, number), wcs_of(survey, number)
    x, y = np.array([p.x for p in sources]), np.array([p.y for p in sources])
    ra, dec = wcs.wcs_pix2world(x, y, 0)
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + np.diag(np.full(len(x), math.inf))
    places = zip(sources, ra.tolist(), dec.tolist(), apart.min(1).tolist(), strict=True)
    return [_line(survey, id, placed, *place) for placed, *place in places]


def _line(survey: Survey, id: str, placed: Placed, ra: float, dec: float, nearest: float) -> dict[str, Any]:
    source = placed.source
    shear = math.hypot(source.g1, source.g2)
    return {
        "image": id,
        "label": placed.label,
        "x": placed.x,
        "y": placed.y,
        "ra": ra,
        "dec": dec,
        "type": source.kind,
        "template": source.template,
        "redshift": source.redshift,
        "absolute_magnitude": source.absolute_magnitude,
        "distance_modulus": source.distance_modulus,
        "bulge_share": source.share_of("de_vaucouleurs"),
        "clump_share": source.share_of("gaussian"),
        "half_light_radius": source.half_light_radius,
        "g1": source.g1,
        "g2": source.g2,
        "axis_ratio": (1 - shear) / (1 + shear),
        "angle": math.degrees(math.atan2(source.g2, source.g1)) / 2 % 180,
        "blended_with": placed.blended_with,
        "nearest": nearest,
        **{f"magnitude_{band}": float(m) for band, m in zip(survey.bands, placed.magnitudes)},
        **{f"flux_{band}": float(flux) for band, flux in zip(survey.bands, placed.counts.sum(0))},
    }
