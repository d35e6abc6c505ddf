"""The straight line from integers as a medical file stores them to values in a unit, and back without loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.checks import FormatError
from pipeline.image import Pixels

NOT_FOR_DIAGNOSIS = "RESEARCH, NOT FOR DIAGNOSIS"
"""What every medical file that is written says of itself."""


class ScaleError(FormatError):
    """A slope and intercept that give no values, or values that float32 does not tell apart."""


@dataclass(frozen=True)
class StoredScale:
    """``value = slope * stored + intercept`` (DICOM PS3.3 C.11.1; NIfTI-1 ``scl_slope``, ``scl_inter``)."""

    slope: float = 1.0
    intercept: float = 0.0

    def values(self, stored: NDArray[Any]) -> Pixels:
        """Values in the unit of the file, rounded once, to float32; what float32 cannot hold becomes infinite."""
        with np.errstate(over="ignore", invalid="ignore"):
            return (stored.astype(np.float64) * self.slope + self.intercept).astype(np.float32)

    def stored(self, values: Pixels) -> NDArray[np.float64]:
        """The whole numbers nearest to values: of :meth:`values`, the very ones stored."""
        return np.rint((values.astype(np.float64) - self.intercept) / self.slope)

    def refuse_inexact(self, id: str, low: int, high: int) -> None:
        """Refuse a line on which stored integers from ``low`` to ``high`` would not come back.

        Raises
        ------
        ScaleError
            If the slope is 0, a part is no number, or neighbours fall together in float32, as above 2**24 with slope 1.
        """
        if not (np.isfinite([self.slope, self.intercept]).all() and self.slope):
            raise ScaleError(
                f"{id}: slope {self.slope:g} and intercept {self.intercept:g} give no values; correct them"
            )
        largest = np.float32(max(abs(self.slope * low + self.intercept), abs(self.slope * high + self.intercept)))
        if not np.spacing(largest) < abs(self.slope):
            raise ScaleError(
                f"{id}: values reach {largest:g} in steps of {abs(self.slope):g}, which float32 does not tell apart; "
                "save it with 16 bits"
            )
