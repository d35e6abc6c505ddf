"""A list of the sources of an image, as a survey would make it, and which sources of two lists are one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.spatial import KDTree

from pipeline.image import Mask
from pipeline.measures.detection import Detected, detect, detect_above

Array = NDArray[np.floating]
Floats = NDArray[np.float64]

KRON_FACTOR = 4.0
"""An ellipse reaches so many Kron radii, and so many root mean square axes at least. The usual 2.5 leaves out 4% of an
exponential's light; this leaves out 1% of a galaxy behind a Moffat PSF, so that totals agree with a table of truth."""
KRON_WITHIN = 6.0
"""Kron's radius is measured within so many times the ellipse of a source."""


@dataclass(frozen=True)
class SourceList:
    """The sources of an image, each with the ellipse that holds its light.

    Parameters
    ----------
    y, x : array, shape (N,)
        Centroids in px, from the middle of pixel (0, 0).
    a, b : array, shape (N,)
        Semi-axes of the ellipse that holds all of the light but about one percent (Kron 1980, ApJS 43, 305), in px.
    theta : array, shape (N,)
        Angle of ``a`` from the x axis towards y, in radians.
    core : array, shape (N,)
        Root mean square radius of the light above the threshold, in px.
    segments : array, shape (H, W), int
        0 where the sky is, n + 1 where source n is.
    threshold : float
        What a pixel of a source is brighter than the sky by, in the mean of the bands.
    """

    y: Floats
    x: Floats
    a: Floats
    b: Floats
    theta: Floats
    core: Floats
    segments: NDArray[np.int32]
    threshold: float

    def __len__(self) -> int:
        return len(self.y)

    @property
    def numbers(self) -> NDArray[np.intp]:
        """Number of each source in ``segments``."""
        return np.arange(1, len(self) + 1)


def list_sources(image: Array, detection: float, mask: Mask | None = None, floor: float = 0.0) -> SourceList:
    """List the sources in the mean of the bands (SExtractor: Bertin and Arnouts 1996, A&AS 117, 393; sep).

    Parameters
    ----------
    image : array, shape (C, H, W)
    detection : float
        A source has 5 connected pixels above this many sigmas of the image's own sky.
    mask : array, shape (C, H, W), bool, optional
        True where a pixel is left out.
    floor : float
        The threshold is no lower than this, in the unit of the image.
    """
    flagged: Mask = np.zeros(image.shape[-2:], bool) if mask is None else np.any(mask, 0)
    seen = detect(image, flagged, detection, floor)
    return _nothing(flagged.shape, floor) if seen is None else _with_ellipses(seen, flagged)


def list_sources_above(mean: Array, flagged: NDArray[np.bool_], threshold: float) -> SourceList:
    """List what is brighter than a threshold that was fixed beforehand, such as that of another image.

    Parameters
    ----------
    mean : array, shape (H, W)
        Of the bands, the sky taken off.
    flagged : array, shape (H, W), bool
        True where a pixel is left out.
    threshold : float
        In the unit of the image.
    """
    return _with_ellipses(detect_above(mean, flagged, threshold), flagged)


def _with_ellipses(seen: Detected, flagged: NDArray[np.bool_]) -> SourceList:
    mean, found, segments, threshold = seen
    y, x, a, b, theta = (found[name].astype(np.float64) for name in ("y", "x", "a", "b", "theta"))
    core = np.sqrt(a * b)
    if not len(y):
        return SourceList(y, x, a, b, theta, core, segments, threshold)
    # Rounding can push an angle just beyond a right one, which sep refuses.
    theta = np.clip(theta, -np.pi / 2, np.pi / 2)
    numbers = np.arange(1, len(y) + 1)
    kron, _ = sep.kron_radius(mean, x, y, a, b, theta, KRON_WITHIN, mask=flagged, segmap=segments, seg_id=numbers)
    kron = np.where(np.isfinite(kron), np.clip(kron, 0, KRON_WITHIN), 0)
    factor = KRON_FACTOR * np.maximum(kron, 1)
    return SourceList(y, x, factor * a, factor * b, theta, core, segments, threshold)


def match(some: SourceList, others: SourceList, radius: float) -> NDArray[np.intp]:
    """For each of some sources the one of the others that is the same, or -1.

    Two are the same if each is the other's nearest and they are within a radius, so none is matched twice.

    Parameters
    ----------
    some, others : SourceList
    radius : float
        In px.

    Returns
    -------
    array, shape (N,)
        Numbers within ``others``.
    """
    if not len(some) or not len(others):
        return np.full(len(some), -1)
    here, there = (np.stack([each.y, each.x], 1) for each in (some, others))
    distance, nearest = KDTree(there).query(here)
    _, back = KDTree(here).query(there)
    same = (distance <= radius) & (back[nearest] == np.arange(len(here)))
    return np.where(same, nearest, -1)


def _nothing(size: tuple[int, ...], threshold: float) -> SourceList:
    none = np.zeros(0)
    return SourceList(none, none, none, none, none, none, np.zeros(size, np.int32), threshold)
