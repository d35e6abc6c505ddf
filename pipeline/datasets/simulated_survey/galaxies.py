"""What a galaxy looks like: bulge, disk and clumps, of sizes that go by its luminosity and its redshift."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammainc

from pipeline.datasets.simulated_survey.cosmology import arcsec_per_kpc
from pipeline.datasets.simulated_survey.population import Drawn
from pipeline.datasets.simulated_survey.sources import Component, Source

BULGE_ENDS = 8.0
"""Half-light radii at which a de Vaucouleurs profile is cut off, as SDSS does."""

_BULGE_SHARE = {"E": (1.0, 1.0), "Sbc": (0.15, 0.4), "Scd": (0.02, 0.15), "Im": (0.0, 0.0)}
_CLUMP_SHARE = {"E": (0.0, 0.0), "Sbc": (0.02, 0.08), "Scd": (0.05, 0.2), "Im": (0.15, 0.4)}
"""Least and greatest share of a galaxy's light, by its spectrum."""
_CLUMPS = (4, 10)
_THINNEST = 0.2
"""Axis ratio of a disk that is seen from the side."""
_BULGE_SIZE, _CLUMP_SIZE = 0.25, 0.08
"""Half-light radii of a bulge and of a clump, as a share of the disk's."""


def galaxy(drawn: Drawn, random: np.random.Generator) -> Source:
    """The parts of a galaxy whose spectrum, luminosity and redshift have been drawn."""
    size = _half_light_kpc(drawn, random) * arcsec_per_kpc(drawn.redshift)
    ratio = random.uniform(0.5, 1.0) if drawn.template == "E" else _seen_at_random(random)
    g1, g2 = _shear(ratio, random.uniform(0, math.pi))
    bulge, clumps = random.uniform(*_BULGE_SHARE[drawn.template]), random.uniform(*_CLUMP_SHARE[drawn.template])
    parts: list[Component] = []
    if bulge:
        alone = drawn.template == "E"
        radius, round_ = (size, 1.0) if alone else (_BULGE_SIZE * size, 0.5)
        parts.append(Component("de_vaucouleurs", "E", bulge, radius, round_ * g1, round_ * g2))
    if bulge < 1:
        parts.append(Component("exponential", drawn.template, 1 - bulge - clumps, size, g1, g2))
        parts += _clumps(clumps, size, g1, g2, random)
    return Source(
        "galaxy",
        drawn.template,
        drawn.absolute_magnitude,
        drawn.redshift,
        drawn.distance_modulus,
        tuple(parts),
        _half_light_radius(parts, bulge),
        g1,
        g2,
    )


def _half_light_kpc(drawn: Drawn, random: np.random.Generator) -> float:
    """Size by luminosity, with its scatter (Shen et al. 2003, MNRAS 343, 978, table 1), and by redshift.

    Galaxies of one luminosity were smaller: as ``(1 + z)^-1.2`` if old, ``(1 + z)^-0.75`` if young (van der Wel et al.
    2014, ApJ 788, 28, for one mass).
    """
    magnitude = drawn.absolute_magnitude
    if drawn.template == "E":
        logarithm, shrunk = -0.4 * 0.60 * magnitude - 4.63, 1.2
    else:
        bend = math.log10(1 + 10 ** (-0.4 * (magnitude + 20.91)))
        logarithm, shrunk = -0.4 * 0.26 * magnitude + (0.51 - 0.26) * bend - 1.71, 0.75
    scatter = 0.27 + (0.45 - 0.27) / (1 + 10 ** (-0.8 * (magnitude + 20.91)))
    return 10**logarithm * math.exp(scatter * random.standard_normal()) * (1 + drawn.redshift) ** -shrunk


def _seen_at_random(random: np.random.Generator) -> float:
    """Axis ratio of a thick disk in any direction: ``q^2 = (1 - q0^2) cos^2(i) + q0^2`` (Hubble 1926)."""
    return math.sqrt((1 - _THINNEST**2) * random.random() ** 2 + _THINNEST**2)


def _shear(ratio: float, angle: float) -> tuple[float, float]:
    g = (1 - ratio) / (1 + ratio)
    return g * math.cos(2 * angle), g * math.sin(2 * angle)


def _clumps(share: float, size: float, g1: float, g2: float, random: np.random.Generator) -> list[Component]:
    """Places where stars form, spread as the light of the disk is."""
    count = int(random.integers(*_CLUMPS))
    shares = share * random.dirichlet(np.ones(count))
    # An exponential disk has a radius of two exponential steps: its scale is 1 / 1.678 of the half-light radius.
    radii = random.gamma(2.0, size / 1.6783, count)
    angles = random.uniform(0, 2 * math.pi, count)
    x, y = _sheared(radii * np.cos(angles), radii * np.sin(angles), g1, g2)
    small = _CLUMP_SIZE * size
    return [Component("gaussian", "Im", float(s), small, dx=float(a), dy=float(b)) for s, a, b in zip(shares, x, y)]


def _sheared(x: np.ndarray, y: np.ndarray, g1: float, g2: float) -> tuple[np.ndarray, np.ndarray]:
    """A round figure's points in the figure that shear makes of it, which has the same area."""
    norm = math.sqrt(1 - g1**2 - g2**2)
    return ((1 + g1) * x + g2 * y) / norm, (g2 * x + (1 - g1) * y) / norm


def _half_light_radius(parts: list[Component], bulge: float) -> float:
    """Radius of half of the light of bulge and disk; clumps lie where the disk's light does."""
    largest = max(part.half_light_radius for part in parts)
    if bulge in (0.0, 1.0):
        return largest
    small = parts[0].half_light_radius

    def missing(radius: float) -> float:
        return bulge * _in_bulge(radius / small) + (1 - bulge) * _in_disk(radius / largest) - 0.5

    return float(brentq(missing, 0.01 * small, largest))


def _in_disk(radius: float) -> float:
    scaled = 1.6783470 * radius
    return 1 - (1 + scaled) * math.exp(-scaled)


def _in_bulge(radius: float) -> float:
    """Share of the light of a cut off de Vaucouleurs profile within a radius in units of that which holds half."""
    return float(gammainc(8, _SCALE * min(radius, BULGE_ENDS) ** 0.25) / _TOTAL)


def _scale_of_cut_bulge() -> float:
    """The number ``b`` of ``exp(-b r^(1/4))`` for which radius 1 holds half of the light within the cut."""
    return float(brentq(lambda b: gammainc(8, b) - 0.5 * gammainc(8, b * BULGE_ENDS**0.25), 3, 8))


_SCALE = _scale_of_cut_bulge()
_TOTAL = float(gammainc(8, _SCALE * BULGE_ENDS**0.25))
