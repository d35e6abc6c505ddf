"""What is measured on every source: label, definition, unit, and how a restored value is compared with the true one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import ClearfieldError
from pipeline.image import DISPLAY

Comparison = Literal["relative", "difference", "place", "shear", "share"]
"""``(m - t) / t``; ``m - t``; distance of two places; difference of two shears; a share of sources."""


class SourceMeasureError(ClearfieldError):
    """A measure of sources that nobody defined."""


@dataclass(frozen=True)
class SourceMeasure:
    """A quantity of a source.

    Parameters
    ----------
    name : str
        As in ``sources.csv``, such as ``flux_total`` or ``half_light_radius``.
    label : str
        As in figures.
    definition : str
        One sentence for somebody who has not met it.
    unit : str
        Of what ``sources.csv`` says of it; ``1`` for a pure number.
    comparison : {"relative", "difference", "place", "shear", "share"}
    """

    name: str
    label: str
    definition: str
    unit: str
    comparison: Comparison


CENTROID, SHEAR, FOUND, REAL = "centroid", "shear", "completeness", "purity"
MORPHOLOGY = ("concentration", "asymmetry", "gini", "m20")

_FIXED = (
    SourceMeasure(
        "half_light_radius",
        "Half-light radius",
        "Radius of the circle about the place of the source that holds half of the light within its ellipse.",
        "1",
        "relative",
    ),
    SourceMeasure(
        CENTROID,
        "Centroid",
        "Distance of the centroid of the adaptive moments from that in the truth.",
        "px",
        "place",
    ),
    SourceMeasure(
        SHEAR,
        "Reduced shear",
        "Length of the difference of two reduced shears, |dg|, by adaptive moments (Hirata and Seljak 2003); m and c "
        "are slope minus 1 and offset of the regression of the restored on the true component.",
        "1",
        "shear",
    ),
    SourceMeasure(
        "concentration",
        "Concentration",
        "Five times the logarithm of the radius with 80% over that with 20% of the light (statmorph).",
        "1",
        "difference",
    ),
    SourceMeasure(
        "asymmetry",
        "Asymmetry",
        "What is left of the light when the source, turned by half a turn, is taken off it (statmorph).",
        "1",
        "difference",
    ),
    SourceMeasure(
        "gini",
        "Gini",
        "How unevenly the light is spread over the pixels: 0 evenly, 1 all in one (statmorph).",
        "1",
        "difference",
    ),
    SourceMeasure(
        "m20",
        "M20",
        "Logarithm of the share that the brightest fifth of the light has in the second moment (statmorph).",
        "1",
        "difference",
    ),
    SourceMeasure(
        FOUND,
        "Completeness",
        "Share of the sources of the truth that a list made of the restored image has too.",
        "1",
        "share",
    ),
    SourceMeasure(
        REAL,
        "Purity",
        "Share of the sources on a list made of the restored image that the truth has too.",
        "1",
        "share",
    ),
)

TOTAL = "total"
_WHERE = {TOTAL: "its ellipse, which holds nearly all of it", "2fwhm": "twice the FWHM of the PSF of its place"}


def source_measure(name: str) -> SourceMeasure:
    """The definition of a measure.

    Parameters
    ----------
    name : str
        One of ``half_light_radius``, ``centroid``, ``shear``, ``concentration``, ``asymmetry``, ``gini``, ``m20``,
        ``completeness``, ``purity``; or ``flux_<aperture>`` (``aperture_<aperture>`` where the unit is ``display``) and
        ``colour_<aperture>``, of which an aperture is ``total``, ``r<px>`` or ``2fwhm``.

    Raises
    ------
    SourceMeasureError
        If there is none of that name.
    """
    for fixed in _FIXED:
        if fixed.name == name:
            return fixed
    parts = re.fullmatch(r"(flux|aperture|colour)_(total|2fwhm|r[0-9.e+-]+)", name)
    if parts is None:
        known = ", ".join(fixed.name for fixed in _FIXED)
        raise SourceMeasureError(f"no measure of sources is called {name!r}; {known}, flux_r3 and the like are defined")
    return _of_light(name, parts[1], parts[2])


def light_measure(unit: str, aperture: str) -> str:
    """Name of the light in an aperture: ``flux`` only where the unit is one in which flux can be measured."""
    return f"{'aperture' if unit == DISPLAY else 'flux'}_{aperture}"


def aperture_of(radius: float) -> str:
    """What an aperture of a radius in px is called."""
    return f"r{radius:g}"


def _of_light(name: str, quantity: str, aperture: str) -> SourceMeasure:
    where = _WHERE.get(aperture, f"{aperture.removeprefix('r')} px of its place")
    said = {TOTAL: "total", "2fwhm": "2 FWHM"}.get(aperture, f"{aperture.removeprefix('r')} px")
    if quantity == "colour":
        sentence = f"Magnitude of one band minus that of the next, of the light within {where}."
        return SourceMeasure(name, f"Colour, {said}", sentence, "mag", "difference")
    label, what = (
        ("Flux", "Light") if quantity == "flux" else ("Aperture sum", "Sum of display units, which is no flux,")
    )
    return SourceMeasure(
        name, f"{label}, {said}", f"{what} of a source within {where}, above the truth's sky.", "1", "relative"
    )
