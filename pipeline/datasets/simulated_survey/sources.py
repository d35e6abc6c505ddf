"""What a source is, before any instrument sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SOURCE_CLASSES = ("sky", "star", "galaxy", "quasar")
"""What the numbers of a class map stand for."""


Kind = Literal["star", "galaxy", "quasar"]


@dataclass(frozen=True)
class Component:
    """A part of a source that has one shape and one spectrum.

    Parameters
    ----------
    profile : {"point", "exponential", "de_vaucouleurs", "gaussian"}
    template : str
        Its spectrum, see :func:`~pipeline.datasets.simulated_survey.spectra.spectrum`.
    share : float
        Of the source's light at rest in the reference filter.
    half_light_radius : float
        In arcsec, of the circle of the same area; 0 for a point.
    g1, g2 : float
        Reduced shear ``(1 - q) / (1 + q) exp(2 i phi)`` with the axis ratio q and the angle phi from x to y.
    dx, dy : float
        Arcsec from the middle of the source.
    """

    profile: Literal["point", "exponential", "de_vaucouleurs", "gaussian"]
    template: str
    share: float = 1.0
    half_light_radius: float = 0.0
    g1: float = 0.0
    g2: float = 0.0
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True)
class Source:
    """A star, a galaxy or a quasar.

    Parameters
    ----------
    kind : {"star", "galaxy", "quasar"}
    template : str
        Spectrum of the whole, or of the disk.
    absolute_magnitude : float
        AB, at rest in the reference filter.
    redshift : float
        0 for stars.
    distance_modulus : float
        In mag.
    components : tuple of Component
        Their shares sum to 1.
    half_light_radius : float
        Of the whole at rest in the reference filter, in arcsec and without a PSF; see :class:`Component`.
    g1, g2 : float
        Of the outer parts.
    """

    kind: Kind
    template: str
    absolute_magnitude: float
    redshift: float
    distance_modulus: float
    components: tuple[Component, ...] = field(repr=False)
    half_light_radius: float = 0.0
    g1: float = 0.0
    g2: float = 0.0

    def share_of(self, profile: str) -> float:
        """Share of the light at rest of the components of a profile."""
        return sum(c.share for c in self.components if c.profile == profile)
