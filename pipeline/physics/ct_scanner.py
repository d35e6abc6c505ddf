"""Computed tomography of a study: less dose and fewer views, on slices in Hounsfield units above air."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from pipeline.config import Ct
from pipeline.image import Image
from pipeline.physics.hounsfield import WATER
from pipeline.physics.low_dose import LowDoseNoise
from pipeline.physics.operator import Operator
from pipeline.physics.radon import Radon
from pipeline.physics.scanner import Scanner, ScannerError, between

PER_UNIT = WATER / 1000
"""Attenuation in 1/mm of one Hounsfield unit above air."""


class CtScanner(Scanner):
    """Parallel beams; see :class:`~pipeline.physics.scanner.Scanner`.

    Dose is drawn between the conditions' for each slice, the number of views from the conditions' for each batch.

    Raises
    ------
    ScannerError
        If the width of the pixels is not known.
    """

    descriptors: ClassVar[tuple[str, ...]] = ("view_spacing_px",)
    counts_mm: ClassVar[bool] = True

    def __init__(self, settings: Ct, slice: Image) -> None:
        super().__init__(settings, slice)
        if self.pixel is None:
            raise ScannerError(
                f"{slice.id}: the width of its pixels in mm is not known, and photons go by it; set images.pixel_mm"
            )
        self._pixel = self.pixel

    def of(self, settings: Ct, *_address: object) -> Radon:
        """The scanner at a dose."""
        return self._at(settings.dose[0], settings.views[0])

    def batch(self, batch: np.random.Generator, each: Sequence[np.random.Generator]) -> tuple[Operator, list[Operator]]:
        """Scanners of as many views, each at a dose of its own."""
        views = int(batch.choice(self.settings.views))
        every: list[Operator] = [self._at(between(self.settings.dose, random), views) for random in each]
        return every[0].joined(every[1:]), every

    def _at(self, dose: float, views: int) -> Radon:
        said = self.settings

        def alike(value: float) -> tuple[float, ...]:
            return (value,) * self.bands

        noise = LowDoseNoise(alike(said.photons), alike(said.electronic), alike(dose), said.noisy_source)
        return Radon(self.size, views, self._pixel, noise, per_unit=PER_UNIT)
