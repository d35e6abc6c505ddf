"""Lesions that a translation erased, and such as it invented, where it is known which there are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_opening, generate_binary_structure, label

from pipeline.image import LESION, SOUND

Plane = NDArray[np.floating]

LEAST_AREA = 5
"""Pixels of a lesion that is counted, at least; and of one that is invented, which holds a cross of five."""
RING = 3
"""Pixels about a lesion by which its contrast is measured; the nearest is left out, as it shares the lesion's edge."""
HALF = 0.5
"""Of a lesion's contrast, below which it is called erased; of the usual contrast, above which a spot is invented, and
below which a lesion is too faint to be counted."""

_CROSS = generate_binary_structure(2, 1)
_SQUARE = np.ones((3, 3), bool)


class SeenLesion(NamedTuple):
    """A lesion in a slice."""

    area: int
    """Pixels."""
    contrasts: tuple[float, ...]
    """Its mean over that of the ring of sound tissue about it, in each of some renderings of the slice."""


def lesions_of(findings: NDArray[np.uint8], *planes: Plane) -> list[SeenLesion]:
    """The lesions of a slice, those that touch as one, with their contrasts in each of some planes.

    Parameters
    ----------
    findings : array, shape (H, W)
        As ``Image.findings``.
    *planes : array, shape (H, W)

    Returns
    -------
    list of SeenLesion
        Those of ``LEAST_AREA`` pixels or more that have sound tissue about them.
    """
    parts, count = label(findings == LESION, _SQUARE)
    found = []
    for number in range(1, count + 1):
        here = parts == number
        ring = binary_dilation(here, _SQUARE, RING) & ~binary_dilation(here, _SQUARE) & (findings == SOUND)
        if here.sum() >= LEAST_AREA and ring.any():
            contrasts = (float(plane[here].mean() - np.median(plane[ring])) for plane in planes)
            found.append(SeenLesion(int(here.sum()), tuple(contrasts)))
    return found


def usual_contrast(contrasts: list[float]) -> float:
    """Median size of the true contrasts of a study's lesions; NaN where there are none."""
    return float(np.median(np.abs(contrasts))) if contrasts else float("nan")


def erased(true: float, translated: float) -> bool:
    """Whether a lesion has lost half of its contrast, or changed its sign."""
    return bool(translated * np.sign(true) < HALF * abs(true))


def invented(findings: NDArray[np.uint8], truth: Plane, translated: Plane, usual: float) -> int:
    """Number of spots in sound tissue that differ from the truth as a lesion would.

    A spot differs by half of the usual contrast or more, and holds a cross of ``LEAST_AREA`` pixels. What lies within
    two pixels of a lesion, or of what is no such tissue, is its edge and not looked at.

    Parameters
    ----------
    findings, truth, translated : array, shape (H, W)
    usual : float
        See :func:`usual_contrast`.
    """
    sound = ~binary_dilation(findings != SOUND, _SQUARE, 2)
    spots = binary_opening(sound & (np.abs(translated - truth) >= HALF * usual), _CROSS)
    return int(label(spots, _SQUARE)[1])
