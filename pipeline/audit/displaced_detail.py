"""Where the detail of a restored image is not that of the scene: Fourier ring correlation, scanned over patches.

After sFRC (scanned Fourier ring correlation, FDA, arXiv 2603.04673), which flags a patch where the correlation of a
restoration with its reference falls below a threshold at a lower frequency than it should. Here the observation says
what it should be: scaling of rings does not change the correlation, so a linear restorer agrees with the scene as far
as its data do, and only detail that was put in, or lost, agrees less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audit.finding import INVENTED, Finding, rate
from pipeline.audit.specimen import Specimen
from pipeline.evaluation.blank_fields import redrawn
from pipeline.image import Image, Pixels
from pipeline.measures.ring_correlation import resolved_ring, ring_correlation
from pipeline.tiling import Window, tiles

PATCH = 32
"""Width in px of a patch. Patches lie side by side, so that each is a trial of its own."""
FALLS_SHORT = 0.7
"""Share of the frequency up to which the observation agrees with the scene, below which a patch is flagged."""
FEWEST_RINGS = 3
"""Rings in which an observation must agree with the scene; where it does not, the patch holds nothing to compare."""


@dataclass(frozen=True, eq=False)
class DetailMap:
    """Patches of an image: arrays of shape (N,)."""

    patches: list[Window]
    resolved: NDArray[np.int_]
    """Rings in which the restored image agrees with the reference."""
    expected: NDArray[np.int_]
    """Rings in which the observation does."""

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Patches in which there is something to compare."""
        return self.expected >= FEWEST_RINGS

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Patches in which the image agrees less than its data do."""
        return self.compared & (self.resolved < FALLS_SHORT * self.expected)


def detail_map(image: Pixels, seen: Pixels, reference: Pixels, other: Pixels, threshold: float) -> DetailMap:
    """Scan an image.

    With a truth, ``reference`` and ``other`` are the truth. With a split exposure, ``image`` and ``reference`` are the
    restorations of the two halves, and ``seen`` and ``other`` the halves themselves.

    Parameters
    ----------
    image, seen, reference, other : array, shape (C, H, W)
        The image is compared with the reference, and its data with the other.
    threshold : float
        Correlation below which a ring does not agree: 0.5 shares half of the amplitude (van Heel and Schatz 2005,
        J. Struct. Biol. 151, 250, on why the right one depends on the use).
    """
    height, width = image.shape[-2:]
    corners = tiles(Window(0, 0, height - PATCH + 1, width - PATCH + 1), PATCH)
    patches = [Window(corner.y0, corner.x0, PATCH, PATCH) for corner in corners]

    def rings(one: Pixels, two: Pixels) -> NDArray[np.int_]:
        parts = (((..., *p.slices)) for p in patches)
        return np.array([resolved_ring(ring_correlation(one[at], two[at]), threshold) for at in parts], int)

    return DetailMap(patches, rings(image, reference), rings(seen, other))


def displaced_detail(
    specimens: Sequence[Specimen], restored: Sequence[Image], threshold: float, *address: object
) -> list[Finding]:
    """The share of patches whose detail is not that of the truth.

    Parameters
    ----------
    specimens : sequence of Specimen
        Those without a truth are left out.
    restored : sequence of Image
    threshold : float
        See :func:`detail_map`.
    *address
        Where the noise of another exposure lies, by which chance is measured.

    Returns
    -------
    list of Finding
        ``displaced_patches``, which speaks for *invented*. The null is another exposure of the same scenes in place of
        the restored image.
    """
    flagged, compared, by_chance, of_chance = 0, 0, 0, 0
    for number, (specimen, image) in enumerate(zip(specimens, restored, strict=True)):
        if specimen.truth is None:
            continue
        again = redrawn(specimen.seen, specimen.truth, *address, "another exposure", number).preview.pixels
        truth, made, seen, other = (
            specimen.part(p) for p in (specimen.truth.pixels, image.pixels, specimen.seen.preview.pixels, again)
        )
        found, null = (detail_map(one, seen, truth, truth, threshold) for one in (made, other))
        flagged, compared = flagged + int(found.flagged.sum()), compared + int(found.compared.sum())
        by_chance, of_chance = by_chance + int(null.flagged.sum()), of_chance + int(null.compared.sum())
    if not compared:
        return []
    chance = rate(by_chance, of_chance)
    return [Finding("detail", "", "displaced_patches", rate(flagged, compared), compared, chance, INVENTED, 0.0)]
