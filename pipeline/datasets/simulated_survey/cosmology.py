"""Distances and volumes of a flat universe with H0 = 70 km/s/Mpc and a matter density of 0.3."""

from __future__ import annotations

import math

import numpy as np
from astropy.cosmology import FlatLambdaCDM
from numpy.typing import ArrayLike, NDArray

_UNIVERSE = FlatLambdaCDM(H0=70, Om0=0.3, Tcmb0=0)
_ARCSEC = math.radians(1 / 3600)


def distance_modulus(redshift: ArrayLike) -> NDArray[np.float64]:
    """``5 log10(D_L / 10 pc)`` of the luminosity distance, in mag."""
    return _UNIVERSE.distmod(redshift).value


def arcsec_per_kpc(redshift: float) -> float:
    """Angle under which a length is seen: ``1 / D_A``, where ``D_A = D_L / (1 + z)^2``.

    With it surface brightness falls as ``(1 + z)^-4`` (Tolman 1930).
    """
    return 1 / (float(_UNIVERSE.angular_diameter_distance(redshift).to_value("kpc")) * _ARCSEC)


def volumes(redshift: ArrayLike) -> NDArray[np.float64]:
    """Comoving volume per unit of redshift and square arcmin, in Mpc^3."""
    return _UNIVERSE.differential_comoving_volume(redshift).value * (60 * _ARCSEC) ** 2
