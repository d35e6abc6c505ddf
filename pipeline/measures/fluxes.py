"""Light within apertures that are fixed beforehand, and what it says of colour and magnitude."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import sep
from numpy.typing import NDArray

from pipeline.measures.catalogue import KRON_FACTOR, SourceList

Array = NDArray[np.floating]
Floats = NDArray[np.float64]

ZERO_POINTS = {"nanomaggy": 22.5, "maggy": 0.0, "Jy": 8.9, "mJy": 16.4, "uJy": 23.9, "nJy": 31.4}
"""Magnitude (AB) of a flux of 1; in any other unit magnitudes are instrumental, 0 for a flux of 1."""


class Places(Protocol):
    """Anything that lies somewhere."""

    @property
    def y(self) -> Floats:
        """Shape (N,), in px."""
        ...

    @property
    def x(self) -> Floats:
        """Shape (N,), in px."""
        ...


def light_within_circles(plane: Array, sources: Places, radius: float) -> Floats:
    """Sum within a circle about each source, pixels that it cuts by the area within (sep, exact).

    Parameters
    ----------
    plane : array, shape (H, W)
        One band, the sky taken off.
    sources : Places
    radius : float
        In px.

    Returns
    -------
    array, shape (N,)
        In the unit of the image.
    """
    if not len(sources.y):
        return np.zeros(0)
    values = np.ascontiguousarray(plane, np.float64)
    return sep.sum_circle(values, sources.x, sources.y, radius, subpix=0)[0]


def light_within_ellipses(plane: Array, sources: SourceList) -> Floats:
    """Sum within the ellipse of each source, as :func:`light_within_circles`: the total light."""
    if not len(sources):
        return np.zeros(0)
    values = np.ascontiguousarray(plane, np.float64)
    return sep.sum_ellipse(values, sources.x, sources.y, sources.a, sources.b, sources.theta, 1.0, subpix=0)[0]


def own_light(plane: Array, sources: SourceList, kron_factor: float = 2.5) -> Floats:
    """Sum within the ellipse of so many Kron radii, pixels of other sources filled with the mean of its own.

    With the usual 2.5 it is SExtractor's ``FLUX_AUTO`` (Bertin and Arnouts 1996, section 7.4): in a crowded field the
    larger ellipse of :func:`light_within_ellipses` would hold the neighbours too.
    """
    if not len(sources):
        return np.zeros(0)
    values = np.ascontiguousarray(plane, np.float64)
    a, b = (axis * kron_factor / KRON_FACTOR for axis in (sources.a, sources.b))
    return sep.sum_ellipse(
        values, sources.x, sources.y, a, b, sources.theta, 1.0, segmap=sources.segments, seg_id=sources.numbers,
        subpix=0,
    )[0]  # fmt: skip


def inside(sources: Places, radius: Array | float, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether a circle about each source lies within an image of ``size`` (H, W).

    Parameters
    ----------
    sources : Places
    radius : float or array, shape (N,)
        In px.
    size : (int, int)
    """
    (height, width), y, x = size, sources.y, sources.x
    return (
        (y >= radius - 0.5) & (y <= height - 0.5 - radius) & (x >= radius - 0.5) & (x <= width - 0.5 - radius)
    )  # fmt: skip


def magnitudes(flux: Array, unit: str) -> Floats:
    """``-2.5 log10(flux) + zero point``; NaN where there is no light."""
    light = np.where(np.asarray(flux) > 0, flux, np.nan)
    return -2.5 * np.log10(light) + ZERO_POINTS.get(unit, 0.0)


def colours(bluer: Array, redder: Array) -> Floats:
    """Difference in magnitude of two bands, ``-2.5 log10(bluer / redder)``; NaN where one has no light."""
    return magnitudes(bluer, "") - magnitudes(redder, "")
