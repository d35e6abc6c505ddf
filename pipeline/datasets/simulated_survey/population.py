"""Who there is: classes of sources, each drawn by luminosity and distance from what is known of their numbers.

A survey that is limited by brightness shows near faint sources and far bright ones. So luminosities and distances are
drawn together, from a table of cells whose weights are the numbers that one expects in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.simulated_survey.cosmology import distance_modulus, volumes
from pipeline.datasets.simulated_survey.presets import PRESETS, Preset
from pipeline.datasets.simulated_survey.spectra import GALAXY_TEMPLATES, QUASAR, colour

Array = NDArray[np.float64]

_SCHECHTER = {
    "E": (-21.3, -0.5, 2.0e-3),
    "Sbc": (-21.2, -1.0, 1.6e-3),
    "Scd": (-20.9, -1.2, 1.2e-3),
    "Im": (-20.2, -1.4, 0.8e-3),
}
"""Magnitude of the knee, slope and density in 1/Mpc^3 of galaxies, by their spectrum. Together they are near the
function of all galaxies of Blanton et al. 2003 (ApJ 592, 819)."""
_BRIGHTER = 1.0
"""Magnitudes by which the knee was brighter at redshift 1, and the same from there on."""

_MAIN_SEQUENCE = {"3000K": 13.0, "3300K": 11.3, "3800K": 9.0, "4400K": 7.2, "5200K": 5.5, "5800K": 4.6, "6500K": 3.8,
                  "7500K": 2.8, "9000K": 1.5}  # fmt: skip
"""Absolute magnitude of the middle of the main sequence, by the temperature of a black body of like colour."""
_DISK, _HALO = 600.0, 8000.0
"""Parsecs along the line of sight over which the stars of the disk grow fewer by e (300 pc of height, seen at 30
degrees from the plane), and after which those of the halo do."""
_HALO_SHARE = 0.0015


@dataclass(frozen=True)
class Drawn:
    """Template, absolute magnitude, redshift and distance modulus of a source."""

    template: str
    absolute_magnitude: float
    redshift: float
    distance_modulus: float


@dataclass(frozen=True)
class Class:
    """Cells of one class of sources that a survey can see.

    Parameters
    ----------
    templates : sequence of str
    magnitudes : array, shape (M + 1,)
        Edges of the cells in absolute magnitude, relative to ``offsets``.
    offsets : array, shape (T,)
        Per template.
    steps : array, shape (D + 1,)
        Edges of the cells in distance: redshift, or the distance modulus of stars.
    numbers : array, shape (T, M, D)
        Expected in a cell, per square arcmin, where the survey can see them; of stars up to a factor.
    in_redshift : bool
        What ``steps`` are.
    """

    templates: Sequence[str]
    magnitudes: Array
    offsets: Array
    steps: Array
    numbers: Array
    in_redshift: bool

    def draw(self, random: np.random.Generator) -> Drawn:
        """Draw a cell by its number, and a place in it evenly."""
        cumulative = np.cumsum(self.numbers)
        # A share below 1 of the total, so that no empty cell at the end is hit.
        cell = int(np.searchsorted(cumulative, random.random() * cumulative[-1], side="right"))
        template, bright, far = map(int, np.unravel_index(cell, self.numbers.shape))
        absolute = self.offsets[template] + random.uniform(*self.magnitudes[bright : bright + 2])
        step = random.uniform(*self.steps[far : far + 2])
        redshift = step if self.in_redshift else 0.0
        modulus = float(distance_modulus(step)) if self.in_redshift else step
        return Drawn(self.templates[template], float(absolute), float(redshift), modulus)


@cache
def galaxies(preset: str) -> Class:
    """Galaxies of four spectra, by Schechter's luminosity function ``0.4 ln10 n y^(slope + 1) exp(-y)``."""
    instrument = PRESETS[preset]
    edges, steps = np.arange(-24.0, -13.9, 0.1), _redshifts(0.01, instrument.farthest)
    absolute, z = _middles(edges)[:, None], _middles(steps)
    numbers = []
    for template in GALAXY_TEMPLATES:
        knee, slope, density = _SCHECHTER[template]
        y = 10 ** (-0.4 * (absolute - knee + _BRIGHTER * np.minimum(z, 1)))
        # Old galaxies were fewer.
        grown = (1 + z) ** (-1.0 if template == "E" else 0.0)
        numbers.append(0.4 * np.log(10) * density * grown * y ** (slope + 1) * np.exp(-y))
    return _seen(instrument, GALAXY_TEMPLATES, edges, np.zeros(4), steps, np.array(numbers), in_redshift=True)


@cache
def quasars(preset: str) -> Class:
    """Quasars, by the double power law of Croom et al. 2004 (MNRAS 349, 1397), whose knee was brightest at z = 2.4."""
    instrument = PRESETS[preset]
    edges, steps = np.arange(-29.0, -20.9, 0.1), _redshifts(0.3, min(instrument.farthest, 3.5))
    absolute, z = _middles(edges)[:, None], np.minimum(_middles(steps), 2.4)
    knee = -21.6 - 2.5 * (1.39 * z - 0.29 * z**2)
    numbers = 1.67e-6 / (10 ** (0.4 * (1 - 3.31) * (absolute - knee)) + 10 ** (0.4 * (1 - 1.09) * (absolute - knee)))
    return _seen(instrument, (QUASAR,), edges, np.zeros(1), steps, numbers[None], in_redshift=True)


@cache
def stars(preset: str) -> Class:
    """Stars of the main sequence in a disk and a halo, as many in a volume of each kind, at all distances to 60 kpc."""
    instrument = PRESETS[preset]
    edges, steps = np.linspace(-0.5, 0.5, 5), np.arange(3.0, 19.0, 0.1)
    distance = 10 ** (_middles(steps) / 5 + 1)
    # In a step of the modulus lies a volume that grows as the cube of the distance.
    volume = distance**3 * (np.exp(-distance / _DISK) + _HALO_SHARE / (1 + (distance / _HALO) ** 2) ** 1.5)
    # What of the halo is hotter than the Sun has died.
    hot = distance**3 * np.exp(-distance / _DISK)
    numbers = [hot if float(t.removesuffix("K")) > 6000 else volume for t in _MAIN_SEQUENCE]
    spread = np.repeat(np.array(numbers)[:, None], len(edges) - 1, axis=1)
    templates, offsets = tuple(_MAIN_SEQUENCE), np.array(list(_MAIN_SEQUENCE.values()))
    return _seen(instrument, templates, edges, offsets, steps, spread, in_redshift=False)


def _seen(
    instrument: Preset,
    templates: Sequence[str],
    edges: Array,
    offsets: Array,
    steps: Array,
    density: Array,
    in_redshift: bool,
) -> Class:
    """The cells of a class: density times their size, where their middle is neither too bright nor too faint."""
    middle, file = _middles(steps), instrument.filters[instrument.reference].file
    modulus = distance_modulus(middle) if in_redshift else middle
    shift = np.array([[colour(t, z if in_redshift else 0.0, file) for z in middle] for t in templates])
    apparent = offsets[:, None, None] + _middles(edges)[:, None] + (modulus + shift)[:, None]
    inside = (apparent >= instrument.brightest) & (apparent <= instrument.faintest)
    size = np.diff(edges)[:, None] * np.diff(steps) * (volumes(middle) if in_redshift else 1.0)
    return Class(templates, edges, offsets, steps, density * size * inside, in_redshift)


def _redshifts(least: float, most: float) -> Array:
    return np.expm1(np.linspace(np.log1p(least), np.log1p(most), 200))


def _middles(edges: Array) -> Array:
    return (edges[1:] + edges[:-1]) / 2
