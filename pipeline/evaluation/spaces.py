"""The scalings in which images are compared: an error in the sky and one in a bright core weigh differently in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import Study
from pipeline.errors import ClearfieldError

Array = NDArray[np.floating]

LINEAR = "linear"

SPACES = {
    "linear": "Values in the unit of the image.",
    "asinh": "asinh((x - sky) / (softening x sky sigma)) per band: linear within the noise, logarithmic far above it.",
    "galaxygan": "As Schawinski et al. 2017: clipped to [-0.1, 4], u = (x + 0.1) / 4.1, then asinh(10 u) / 3.",
}
"""Every space that ``evaluate.spaces`` may name, in words."""


class SpaceError(ClearfieldError):
    """A scaling that cannot be applied to a study's images."""


@dataclass(frozen=True)
class Linear:
    """Values as they are; the data range is the study's."""

    data_range: float
    name: str = LINEAR

    def apply(self, x: Array) -> Array:
        """Return ``x``, shape (C, H, W), unchanged."""
        return x


@dataclass(frozen=True)
class Asinh:
    """``asinh((x - sky) / softening)`` per band (Lupton, Gunn and Szalay 1999, AJ 118, 1406).

    Parameters
    ----------
    sky, softening : tuple of float
        One value per band, in the unit of the image.
    linear_range : float
        The study's data range, in the unit of the image.
    """

    sky: tuple[float, ...]
    softening: tuple[float, ...]
    linear_range: float
    name: str = "asinh"

    @property
    def data_range(self) -> float:
        """Height, when stretched, of a source as far above the sky as the study's data range is wide.

        With the softening averaged over the bands, so that one number serves all of them, as in linear space.
        """
        return float(np.arcsinh(self.linear_range / np.mean(self.softening)))

    def apply(self, x: Array) -> Array:
        """Stretch values, shape (C, H, W)."""
        sky, softening = (np.asarray(v)[:, None, None] for v in (self.sky, self.softening))
        return np.arcsinh((x - sky) / softening)


@dataclass(frozen=True)
class GalaxyGAN:
    """The stretch of Schawinski et al. 2017 (MNRAS 467, L110), for SDSS images in nanomaggies; it clips.

    Its values lie in [0, 1], which is the data range.
    """

    data_range: float = 1.0
    name: str = "galaxygan"

    def apply(self, x: Array) -> Array:
        """Clip and stretch values, shape (C, H, W)."""
        return np.arcsinh(10 * (np.clip(x, -0.1, 4.0) + 0.1) / 4.1) / 3


Space = Linear | Asinh | GalaxyGAN


def spaces_of(study: Study, attributes: dict[str, Any]) -> list[Space]:
    """The spaces in which a study is judged, in the order of ``evaluate.spaces``.

    Parameters
    ----------
    study : Study
    attributes : dict
        What ``ingest`` noted of the truth: ``data_range``, ``sky`` and ``sky_sigma`` (one value per band).

    Raises
    ------
    SpaceError
        If the data range, or the sky's noise where ``asinh`` needs it, is not above 0.
    """
    data_range = float(attributes["data_range"])
    if not data_range > 0:
        raise SpaceError(f"images.h5: the data range is {data_range:g}; images that are not constant are needed")
    return [_space(name, data_range, attributes, study.train.softening) for name in study.evaluate.spaces]


def _space(name: str, data_range: float, attributes: dict[str, Any], softening: float) -> Space:
    if name == LINEAR:
        return Linear(data_range)
    if name == "galaxygan":
        return GalaxyGAN()
    sigma: Sequence[float] = attributes["sky_sigma"]
    if not min(sigma) > 0:
        raise SpaceError(
            f"evaluate.spaces: asinh is softened by the sky's noise, here {min(sigma):g}; take asinh off the list"
        )
    return Asinh(tuple(attributes["sky"]), tuple(softening * s for s in sigma), data_range)
