"""Whether two networks that were trained on disjoint halves of the images invent the same.

Detail in which both agree, and the truth does not, comes from what they have in common: the noise of the data, the
architecture, the loss and the kind of image. Detail in which they differ comes from the images that each has seen, or
from chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.audit.displaced_detail import PATCH
from pipeline.audit.empty_sky import EmptySky
from pipeline.audit.finding import Finding, Interval, mean, rate
from pipeline.audit.point_sources import unasked_sources
from pipeline.audit.specimen import Specimen
from pipeline.image import Pixels
from pipeline.measures.ring_correlation import ring_correlation
from pipeline.measures.spectrum import cutoff_frequency
from pipeline.physics.blur import Blur
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import Window, tiles


def two_halves(
    one: Restorer, other: Restorer, specimens: Sequence[Specimen], sky: EmptySky, fields: int
) -> list[Finding]:
    """Compare two restorers that learned from disjoint halves.

    Parameters
    ----------
    one, other : Restorer
    specimens : sequence of Specimen
        Held out from both.
    sky : EmptySky
    fields : int
        Empty fields that both restore.

    Returns
    -------
    list of Finding
        ``agreement_beyond_reach``, the mean Fourier ring correlation of both beyond the instrument's cut-off, where
        detail was inferred; its null is that of the two with the truth. ``invented_by_both``, the share of the fields
        on which either invents in which both do; its null is what chance would have if they knew nothing of each other.
    """
    pairs = [(one.restore(s.seen).pixels, other.restore(s.seen).pixels) for s in specimens]
    findings = _beyond_reach(specimens, pairs)
    fields_seen = [sky.field(number) for number in range(fields)]
    found = np.array(
        [[len(unasked_sources(r.restore(seen).pixels, seen, sky.margin)) > 0 for r in (one, other)]
         for seen in fields_seen]
    ).reshape(-1, 2)  # fmt: skip
    both, either = int(found.all(1).sum()), int(found.any(1).sum())
    a, b = found.mean(0) if len(found) else (0.0, 0.0)
    chance = a * b / (a + b - a * b) if a + b else np.nan
    null = Interval(chance, chance, chance)
    return [*findings, Finding("halves", "", "invented_by_both", rate(both, either), either, null)]


def _beyond_reach(specimens: Sequence[Specimen], pairs: Sequence[tuple[Pixels, Pixels]]) -> list[Finding]:
    mutual, with_truth = [], []
    for specimen, pair in zip(specimens, pairs, strict=True):
        if not isinstance(specimen.seen.operator, Blur):
            continue
        first = int(np.ceil(cutoff_frequency(specimen.seen.operator.psf) * PATCH))
        for a, b, truth in _patches(specimen, pair):
            mutual.append(_mean_from(first, a, b))
            if truth is not None:
                with_truth.append((_mean_from(first, a, truth) + _mean_from(first, b, truth)) / 2)
    found, null = mean(np.array(mutual)), mean(np.array(with_truth))
    return [Finding("halves", "", "agreement_beyond_reach", found, len(mutual), null)]


def _patches(specimen: Specimen, pair: tuple[Pixels, Pixels]) -> Iterator[tuple[Pixels, Pixels, Pixels | None]]:
    a, b = (specimen.part(pixels) for pixels in pair)
    truth = None if specimen.truth is None else specimen.part(specimen.truth.pixels)
    height, width = a.shape[-2:]
    for corner in tiles(Window(0, 0, height - PATCH + 1, width - PATCH + 1), PATCH):
        at = (..., *Window(corner.y0, corner.x0, PATCH, PATCH).slices)
        yield a[at], b[at], None if truth is None else truth[at]


def _mean_from(first: int, one: Pixels, other: Pixels) -> float:
    rings = ring_correlation(one, other)[max(first - 1, 0) :]
    return float(rings.mean()) if rings.size else float("nan")
