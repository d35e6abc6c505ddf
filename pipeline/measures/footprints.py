"""Which images show the same sky."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

SAME = 1e-10
"""Radians, far below any pixel, by which rounding may part what touches."""


def overlapping(footprints: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of footprints that overlap: enough of them to link all that hang together, and no more.

    By the separating axes of convex polygons, on the plane that touches the sky at one of the two.

    Parameters
    ----------
    footprints : array, shape (N, 4, 3)
        Unit vectors of the corners of convex quadrilaterals, around each.

    Returns
    -------
    list of (int, int)
        The edges of a spanning forest: two footprints are linked, directly or over others, exactly if they overlap so.
    """
    if not len(footprints):
        return []
    centres = footprints.mean(1)
    centres /= np.linalg.norm(centres, axis=-1, keepdims=True)
    radii = np.linalg.norm(footprints - centres[:, None], axis=-1).max(1)
    places, linked = KDTree(centres), np.arange(len(footprints))
    pairs = []
    for one, (centre, radius) in enumerate(zip(centres, radii)):
        # Each looks for those of its size or smaller, so that one large footprint does not make all look far.
        near = np.array(places.query_ball_point(centre, 2 * radius + SAME))
        near = near[(radii[near] <= radius) & (linked[near] != linked[one])]
        for other in near[_overlap(footprints[one], footprints[near], centre)].tolist():
            if linked[other] != linked[one]:
                linked[linked == linked[other]] = linked[one]
                pairs.append((one, other))
    return pairs


def _overlap(one: NDArray[np.float64], others: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each of some footprints, shape (M, 4, 3), overlaps one: no edge of either parts them."""
    here, there = _in_plane(one[None], centre), _in_plane(others, centre)
    normals = np.concatenate([np.broadcast_to(_normals(here), there.shape), _normals(there)], 1)
    a, b = normals @ here.swapaxes(1, 2), normals @ there.swapaxes(1, 2)
    parted = (a.max(-1) + SAME < b.min(-1)) | (b.max(-1) + SAME < a.min(-1))
    return ~parted.any(-1)


def _in_plane(corners: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners, shape (M, 4, 3), on the plane that touches the sphere at a centre, where great circles are straight."""
    across = np.cross(centre, np.eye(3)[np.abs(centre).argmin()])
    across /= np.linalg.norm(across)
    # What lies beyond the horizon is put far out.
    return corners @ np.stack([across, np.cross(centre, across)], -1) / np.maximum(corners @ centre, 1e-6)[..., None]


def _normals(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit normals of the edges, shape (M, 4, 2); of an edge without length, zero, which parts nothing."""
    edges = np.roll(corners, -1, 1) - corners
    normals = np.stack([edges[..., 1], -edges[..., 0]], -1)
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-300)
