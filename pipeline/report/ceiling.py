"""The ceiling that the truth's own noise sets on PSNR."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pipeline.report.naming import number


@dataclass(frozen=True)
class Ceiling:
    """PSNR in dB that a perfect image of the noise-free scene would have against a truth that is noisy itself.

    ``bands`` gives it band by band; ``value`` for all of them together, as PSNR takes them.
    """

    value: float
    bands: dict[str, float]

    @property
    def text(self) -> str:
        """The value for a sentence."""
        return number(self.value, 1)


def ceiling_of(attributes: dict[str, Any], bands: tuple[str, ...]) -> Ceiling:
    """``10 log10(range^2 / mean(sky_sigma^2))`` from what ``ingest`` noted; infinite for a truth without noise.

    Parameters
    ----------
    attributes : dict
        ``data_range`` and ``sky_sigma`` (one value per band) of ``images.h5``.
    bands : tuple of str
    """
    span, sigmas = float(attributes["data_range"]), [float(s) for s in attributes["sky_sigma"]]
    return Ceiling(
        _ratio(span, sum(s**2 for s in sigmas) / len(sigmas)), {b: _ratio(span, s**2) for b, s in zip(bands, sigmas)}
    )


def _ratio(span: float, variance: float) -> float:
    return 10 * math.log10(span**2 / variance) if variance > 0 and span > 0 else math.inf
