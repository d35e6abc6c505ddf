"""Lesions in slices: how much of one a restorer gives back, and whether it shows one where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audit.finding import INVENTED, Finding, Interval, median, rate
from pipeline.audit.specimen import Specimen
from pipeline.config import Lesion
from pipeline.evaluation.blank_fields import redrawn
from pipeline.evaluation.lesions import Disk, Places, amplitude, patches, places, with_lesions
from pipeline.image import Image, Pixels
from pipeline.physics.noise import addressed_random
from pipeline.restorers.restorer import Restorer

SHOWN = 0.5
"""A lesion is shown if so much of its contrast is, and one that is not there if so much of the faintest is."""
PERFECT = {"lesions_shown": Interval(1.0, 1.0, 1.0), "contrast_bias": Interval(0.0, 0.0, 0.0)}
NOTHING = np.zeros(0)


@dataclass(frozen=True)
class Body:
    """Slices through a body, in place of empty sky.

    Parameters
    ----------
    lesion : Lesion, optional
        What is put into them; nothing is where it is not said.
    address : tuple
        Where all that is random lies, such as (seed, condition).
    """

    lesion: Lesion | None
    address: tuple[object, ...]


def lesions(restorer: Restorer, specimens: Sequence[Specimen], body: Body) -> list[Finding]:
    """Scan held-out slices with and without lesions at the same places, under the same noise.

    Parameters
    ----------
    restorer : Restorer
    specimens : sequence of Specimen
        Those without a truth, or on pixels of unknown width, are left out.
    body : Body

    Returns
    -------
    list of Finding
        For each contrast ``lesions_shown``, the share of lesions of which at least half is given back, and
        ``contrast_bias``, the median error of their contrast, relative; the null is what a perfect restorer has. And
        ``false_lesions``, which speaks for *invented*: the share of the same places, when the lesions are taken away,
        that stand out from around them by half of the faintest contrast and more, where the slice does not. The null is
        the preview: what the scan itself shows there.
    """
    settings = body.lesion
    given: dict[float, list[NDArray[np.float64]]] = {}
    made, null = [NOTHING], [NOTHING]
    if settings is None:
        return []
    for number, specimen in enumerate(specimens):
        truth, pixel = specimen.truth, specimen.seen.preview.pixel_mm
        if truth is None or pixel is None:
            continue
        disk, here = Disk.of(settings, pixel), (*body.address, "lesions", number)
        where = places(truth, disk, settings.inside, settings.most, addressed_random(*here))
        if not where:
            continue
        seen = redrawn(specimen.seen, truth, *here)
        without = restorer.restore(seen).pixels
        for contrast in settings.contrasts:
            scene = with_lesions(truth, disk, contrast, where)
            within = restorer.restore(redrawn(specimen.seen, scene, *here)).pixels
            change = amplitude(patches(within.astype(np.float64) - without, disk, where), disk)
            given.setdefault(contrast, []).append(change / contrast)
        faintest = min(settings.contrasts, key=abs)
        for pixels, found in ((without, made), (seen.preview.pixels, null)):
            found.append(_standing_out(pixels, truth, disk, where) / faintest)
    findings = [one for contrast, shares in given.items() for one in _recovery(contrast, np.concatenate(shares))]
    false, by_chance = (np.concatenate(found) >= SHOWN for found in (made, null))
    if false.size:
        shares = (rate(int(found.sum()), found.size) for found in (false, by_chance))
        findings.append(Finding("lesions", "", "false_lesions", next(shares), false.size, next(shares), INVENTED, 0.0))
    return findings


def _recovery(contrast: float, share: NDArray[np.float64]) -> list[Finding]:
    found = {"lesions_shown": rate(int((share >= SHOWN).sum()), share.size), "contrast_bias": median(share - 1)}
    case = f"contrast {contrast:g}"
    return [Finding("lesions", case, measure, value, share.size, PERFECT[measure]) for measure, value in found.items()]


def _standing_out(pixels: Pixels, truth: Image, disk: Disk, where: Places) -> NDArray[np.float64]:
    """By how much a disk at each place is above what is around it, where the slice is not."""
    error = patches(pixels.astype(np.float64) - truth.pixels, disk, where)
    return amplitude(error - np.median(error, (-2, -1), keepdims=True), disk)
