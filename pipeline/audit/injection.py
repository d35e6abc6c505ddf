"""Sources of known light put into scenes before these are observed: how much of it a restorer gives back.

What it gives back is the difference between the images with and without the sources, under the same noise: all that the
restorer made of their light, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.audit.finding import Finding, Interval, median, rate
from pipeline.audit.sown import GALAXY, POINT, Kind, seen_with, sow
from pipeline.audit.specimen import Specimen
from pipeline.image import Image
from pipeline.measures.fluxes import light_within_circles
from pipeline.restorers.restorer import Restorer

RECOVERED = 0.5
"""A source counts as recovered if so much of its light is given back."""
PERFECT = {"completeness": Interval(1.0, 1.0, 1.0), "flux_bias": Interval(0.0, 0.0, 0.0)}


class Given(NamedTuple):
    """Sources of a specimen: by which signal-to-noise each was seen, and the share of its light that was given back."""

    snr: NDArray[np.float64]
    share: NDArray[np.float64]


def injection(
    restorer: Restorer,
    specimens: Sequence[Specimen],
    restored: Sequence[Image],
    levels: Sequence[float],
    *address: object,
) -> list[Finding]:
    """Recovery and bias of the flux of injected sources, by kind and signal-to-noise.

    Parameters
    ----------
    restorer : Restorer
    specimens : sequence of Specimen
    restored : sequence of Image
        Without the sources.
    levels : sequence of float
        Signal-to-noise of the observation that sources are given, in turn.
    *address
        Where their places are drawn.

    Returns
    -------
    list of Finding
        ``completeness``, the share of which at least half of the light is given back, and ``flux_bias``, the median
        error of the light, relative. The null is what a perfect restorer has.
    """
    findings = []
    for kind in (POINT, GALAXY):
        given = list(_given(restorer, specimens, restored, kind, levels, *address))
        snr, share = (np.concatenate([np.zeros(0), *parts]) for parts in zip(*given)) if given else (np.zeros(0),) * 2
        for level in levels:
            here = share[snr == level]
            found = {"completeness": rate(int((here >= RECOVERED).sum()), here.size), "flux_bias": median(here - 1)}
            findings += [
                Finding("injection", f"{kind}, S/N {level:g}", measure, value, here.size, PERFECT[measure])
                for measure, value in found.items()
            ]
    return findings


def _given(
    restorer: Restorer,
    specimens: Sequence[Specimen],
    restored: Sequence[Image],
    kind: Kind,
    levels: Sequence[float],
    *address: object,
) -> Iterator[Given]:
    for number, (specimen, without) in enumerate(zip(specimens, restored, strict=True)):
        # A small image has room for fewer sources than there are levels: the next one goes on with the next level.
        sown = sow(specimen, kind, np.roll(levels, -number).tolist(), *address, kind, number)
        if sown is not None:
            image = restorer.restore(seen_with(specimen.seen, sown.light, *address, kind, number))
            change = image.pixels.astype(np.float64) - without.pixels
            made, put = (light_within_circles(light.sum(0), sown.places, sown.radius) for light in (change, sown.light))
            yield Given(sown.snr, made / put)
