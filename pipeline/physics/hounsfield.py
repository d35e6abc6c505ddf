"""Hounsfield units and what they stand for: how strongly a millimetre of tissue attenuates X-rays."""

from __future__ import annotations

from torch import Tensor

WATER = 0.0192
"""Attenuation of water in 1/mm at 70 keV, the mean energy of a 120 kV tube (NIST, Hubbell and Seltzer 1995)."""
AIR_HU = -1000.0
"""Nothing attenuates less than air does; scanners write less for the padding around their field of view."""


def attenuation(hounsfield: Tensor, padding: Tensor | None = None, water: float = WATER) -> Tensor:
    """Attenuation of X-rays from Hounsfield units: ``mu = mu_water (1 + HU / 1000)``.

    The definition has the attenuation of air in it too, which is 1/1000 of water's and taken for 0.

    Parameters
    ----------
    hounsfield : Tensor, shape (..., H, W)
        Taken for air where below -1000 HU, since a projection through less than nothing is none.
    padding : Tensor, shape (..., H, W), bool, optional
        True where the scanner measured nothing, whatever it wrote there: taken for air.
    water : float
        Attenuation of water in 1/mm.

    Returns
    -------
    Tensor, shape (..., H, W)
        In 1/mm, 0 or more.
    """
    clamped = hounsfield.clamp_min(AIR_HU)
    if padding is not None:
        clamped = clamped.masked_fill(padding, AIR_HU)
    return water / 1000 * (clamped - AIR_HU)


def hounsfield_units(attenuation: Tensor, water: float = WATER) -> Tensor:
    """Hounsfield units of an attenuation in 1/mm; noise may bring them below -1000, and nothing is clamped here.

    Parameters
    ----------
    attenuation : Tensor, shape (..., H, W)
    water : float
        Attenuation of water in 1/mm.

    Returns
    -------
    Tensor, shape (..., H, W)
    """
    return 1000 / water * attenuation + AIR_HU
