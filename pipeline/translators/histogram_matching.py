"""The classical opponent of a translating network: each value becomes the one of its rank in the other domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.body import body_of
from pipeline.image import Pixels
from pipeline.translators.translation import Translation

QUANTILES = 1001


@dataclass(frozen=True, eq=False)
class HistogramMatching:
    """A map from values to values, the same for every slice, in the body; around it stands the other domain's nothing.

    The map takes the distribution of what is learned from in the first domain to that in the second (Gonzalez and Woods
    2018, "Digital Image Processing", section 3.3). It never changes the order of values, so what is bright in both
    domains, or dark in both, is got right at best.

    Parameters
    ----------
    source, target : array, shape (C, Q)
        Values of either domain's bodies at equal ranks.
    nothing : array, shape (C,)
        Value of the second domain outside of bodies.
    """

    source: NDArray[np.float64]
    target: NDArray[np.float64]
    nothing: NDArray[np.float64]

    @classmethod
    def learned(cls, source: Sequence[Pixels], target: Sequence[Pixels]) -> HistogramMatching:
        """The map between slices of two domains, shape (C, H, W) each, of as many bands."""
        ranks = np.linspace(0, 1, QUANTILES)
        bodies = [np.concatenate([s[:, body_of(s)] for s in slices], 1) for slices in (source, target)]
        around = np.concatenate([s[:, ~body_of(s)] for s in target], 1)
        nothing = np.median(around, 1) if around.size else bodies[1].min(1)
        found, wanted = (np.quantile(values, ranks, axis=1).T for values in bodies)
        return cls(found, wanted, np.asarray(nothing, np.float64))

    def translate(self, pixels: Pixels) -> Translation:
        """Translate a slice, shape (C, H, W)."""
        body = body_of(pixels)
        planes = [
            np.where(body, np.interp(plane, found, wanted), nothing)
            for plane, found, wanted, nothing in zip(pixels, self.source, self.target, self.nothing)
        ]
        return Translation(np.stack(planes).astype(np.float32))
