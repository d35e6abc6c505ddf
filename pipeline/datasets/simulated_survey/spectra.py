"""Spectra of what a survey sees, through named filters: templates that galsim ships, and simple laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache

import galsim
import numpy as np
from numpy.typing import NDArray

GALAXY_TEMPLATES = ("E", "Sbc", "Scd", "Im")
"""The galaxies of Coleman, Wu and Weedman (1980, ApJS 43, 393), from old to young."""
QUASAR = "quasar"

REFERENCE = "LSST_r.dat"
"""The filter in which absolute magnitudes count, at rest."""

_LYMAN_LIMIT, _LYMAN_ALPHA = 91.2, 121.6
_LINES = (
    (121.6, 9.2, 2.1),
    (154.9, 2.5, 4.0),
    (190.9, 2.1, 6.0),
    (279.8, 3.2, 6.0),
    (486.1, 4.6, 10.0),
    (656.3, 19.5, 14.0),
)
"""Wavelength, equivalent width and standard deviation in nm of a quasar's broad lines: Lyman alpha, C IV, C III],
Mg II, H beta, H alpha."""

Array = NDArray[np.float64]


@cache
def filter_of(file: str) -> galsim.Bandpass:
    """One of the bandpasses that galsim ships, with its AB zero point."""
    return galsim.Bandpass(file, wave_type="nm").withZeropoint("AB")


@cache
def spectrum(template: str) -> galsim.SED:
    """The spectrum at 10 pc of a source of absolute magnitude 0 (AB, at rest, in ``REFERENCE``).

    Parameters
    ----------
    template : str
        One of ``GALAXY_TEMPLATES``; ``quasar``, a power law ``f_nu ~ nu^-0.44`` with broad lines, cut off at the Lyman
        limit (Vanden Berk et al. 2001, AJ 122, 549); or ``5800K``, a black body, for a star.
    """
    if template in GALAXY_TEMPLATES:
        sed = galsim.SED(f"CWW_{template}_ext.sed", wave_type="Ang", flux_type="flambda")
    elif template == QUASAR:
        sed = _tabulated(_quasar)
    else:
        temperature = float(template.removesuffix("K"))
        sed = _tabulated(lambda wave: _black_body(wave, temperature))
    return sed.withMagnitude(0.0, filter_of(REFERENCE))


def magnitude(template: str, absolute: float, distance_modulus: float, redshift: float, file: str) -> float:
    """AB magnitude through a filter of a source with this spectrum.

    ``m = M + 5 log10(D_L / 10 pc) - 2.5 log10(F(z)) + zero point``, where ``F`` is the flux of photons of the spectrum
    of magnitude 0, redshifted and left at 10 pc: in a unit of redshifted wavelength lie as many photons as before, and
    what their energy and their rate lose is in the luminosity distance (Hogg et al. 2002, arXiv:astro-ph/0210394).

    Parameters
    ----------
    template : str
        See :func:`spectrum`.
    absolute : float
        Absolute magnitude, in ``REFERENCE`` at rest.
    distance_modulus : float
        ``5 log10(D_L / 10 pc)``, in mag.
    redshift : float
        0 or more.
    file : str
        Of the filter.
    """
    return absolute + distance_modulus + colour(template, redshift, file)


@lru_cache(maxsize=4096)
def colour(template: str, redshift: float, file: str) -> float:
    """What a source is fainter by in a filter than in ``REFERENCE`` at rest: colour and K-correction, in mag."""
    sed = spectrum(template)
    return _magnitude_of(sed.atRedshift(redshift) if redshift else sed, file)


def _magnitude_of(sed: galsim.SED, file: str) -> float:
    band = filter_of(file)
    return -2.5 * math.log10(sed.calculateFlux(band)) + band.zeropoint


def _tabulated(law: Callable[[Array], Array]) -> galsim.SED:
    # Down to what the bluest filter sees at the largest redshift.
    wave = np.geomspace(50, 2500, 4000)
    return galsim.SED(galsim.LookupTable(wave, law(wave), interpolant="linear"), wave_type="nm", flux_type="flambda")


def _black_body(wave: Array, temperature: float) -> Array:
    # The second radiation constant in nm K.
    return (wave / 500) ** -5 / np.expm1(1.438777e7 / (wave * temperature))


def _quasar(wave: Array) -> Array:
    lines = [
        width / (np.sqrt(2 * np.pi) * spread) * np.exp(-0.5 * ((wave - centre) / spread) ** 2)
        for centre, width, spread in _LINES
    ]
    # f_nu ~ nu^-0.44 is f_lambda ~ lambda^-1.56; the forest takes some of what is bluer than Lyman alpha.
    passed = np.where(wave < _LYMAN_LIMIT, 0.0, np.where(wave < _LYMAN_ALPHA, 0.7, 1.0))
    return (wave / 100) ** -1.56 * (1 + sum(lines)) * passed
