"""What is known of the scans that a training draws: their descriptors, and how much noise images have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.training.slices import SliceKind, Slices


class ScannedSlices:
    """Scanners in the place of :class:`~pipeline.training.instruments.Instruments`, as far as a model's card asks.

    Parameters
    ----------
    slices : Slices
        Of which one of each kind tells how much noise there is in images.
    """

    relative_to_sky, counts_photons, single = False, False, None

    def __init__(self, slices: Slices) -> None:
        self._slices, self.names = slices, slices.kinds[0].scanner.descriptors

    def range(self) -> dict[str, list[float]]:
        """Least and greatest value of every number that describes a scan."""
        every = [kind.scanner.ranges() for kind in self._slices.kinds]
        return {name: [min(r[name][0] for r in every), max(r[name][1] for r in every)] for name in self.names}

    def noise_range(self, *_: object) -> tuple[list[float], list[float]]:
        """Least and greatest noise per band of an image, as its median, over the conditions."""
        found = [noise for kind in self._slices.kinds for noise in self._noise(kind)]
        return np.min(found, 0).tolist(), np.max(found, 0).tolist()

    def _noise(self, kind: SliceKind) -> Iterator[NDArray[np.float32]]:
        middle = int(kind.regions[len(kind.regions) // 2])
        scene = self._slices.planes(middle, kind.scanner.size)[0][None].clamp_min(0)
        for cell in kind.scanner.settings.one_by_one():
            operator = kind.scanner.of(cell, 0)
            sigma = operator.preview_sigma(operator.noise.told_sigma(operator.forward(scene)))
            yield sigma.flatten(2).contiguous().median(-1).values[0].cpu().numpy()
