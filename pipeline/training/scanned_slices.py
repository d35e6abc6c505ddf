"""What is known of the scans that a training draws: their descriptors, and how much noise images have."""

from __future__ import annotations

import numpy as np

from pipeline.physics.scanner import Scanner
from pipeline.tiling import Window
from pipeline.training.scenes import Scenes
from pipeline.training.truth import Place


class ScannedSlices:
    """A scanner in the place of :class:`~pipeline.training.instruments.Instruments`, as far as a model's card asks.

    Parameters
    ----------
    scanner : Scanner
    scenes : Scenes
        Of which the first tells how much noise there is in images.
    """

    relative_to_sky, counts_photons, single = False, False, None

    def __init__(self, scanner: Scanner, scenes: Scenes) -> None:
        self.scanner, self._scenes, self.names = scanner, scenes, scanner.descriptors

    def range(self) -> dict[str, list[float]]:
        """Least and greatest value of every number that describes a scan."""
        return self.scanner.ranges()

    def noise_range(self, *_: object) -> tuple[list[float], list[float]]:
        """Least and greatest noise per band of an image, as its median, over the conditions."""
        height, width = self.scanner.size
        size = max(height, width)
        middle = Place(len(self._scenes) // 2, Window(0, 0, size, size))
        scene = self._scenes.crops([middle], size).pixels[..., :height, :width].clamp_min(0)
        found = []
        for cell in self.scanner.settings.one_by_one():
            operator = self.scanner.of(cell, 0)
            sigma = operator.preview_sigma(operator.noise.told_sigma(operator.forward(scene)))
            found.append(sigma.flatten(2).contiguous().median(-1).values[0].cpu().numpy())
        return np.min(found, 0).tolist(), np.max(found, 0).tolist()
