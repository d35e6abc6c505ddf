"""How scenes share their variance among spatial frequencies, by which quick inverses tell them from noise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LEAST = 1e-12
"""Power over variance, at least: a frequency at which scenes hold nothing at all is one as rare as this."""

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class SceneSpectrum:
    """Cross-power of the bands of scenes, averaged over directions, each band in units of its standard deviation.

    Parameters
    ----------
    frequency : tuple of float
        In cycles per px, ascending, above 0.
    power : tuple of matrices, C x C
        At each frequency, per pixel: of white noise the correlation of bands.
    """

    frequency: tuple[float, ...]
    power: tuple[Matrix, ...]

    @classmethod
    def of_arrays(cls, frequency: NDArray[np.float64], power: NDArray[np.float64]) -> SceneSpectrum:
        """The spectrum of arrays of the shapes (N,) and (N, C, C)."""
        return cls(tuple(frequency.tolist()), tuple(tuple(map(tuple, matrix)) for matrix in power.tolist()))

    @classmethod
    def falling(cls, bands: int) -> SceneSpectrum:
        """Unlike bands whose power falls with the square of the frequency, from a period of 128 px on."""
        frequency, axis = np.geomspace(1 / 128, np.sqrt(0.5), 32), np.fft.fftfreq(128)
        every = np.hypot(axis[:, None], axis).clip(frequency[0])
        power = frequency**-2.0 / (every**-2.0).mean()
        return cls.of_arrays(frequency, power[:, None, None] * np.eye(bands))

    @property
    def apart(self) -> bool:
        """Whether bands have nothing in common, so that each can be filtered for itself."""
        power = np.array(self.power)
        return not (power * (1 - np.eye(power.shape[-1]))).any()

    def at(self, frequency: Tensor) -> Tensor:
        """Cross-power at some frequencies, in cycles per px: shape (..., C, C), in float64.

        Linear between those that are known, since a mean of covariances is one again; beyond them as at the last.
        """
        known, power = torch.tensor(self.frequency).double(), torch.tensor(self.power).double()
        wanted = frequency.double().cpu().clamp(known[0], known[-1])
        after = torch.searchsorted(known, wanted).clamp(1, len(known) - 1)
        share = (wanted - known[after - 1]) / (known[after] - known[after - 1])
        return torch.lerp(power[after - 1], power[after], share[..., None, None]).to(frequency.device)

    def rarity(self, frequency: Tensor) -> Tensor:
        """Variance of each band over its power, at some frequencies of any shape: (C, ...)."""
        power = self.at(frequency).diagonal(dim1=-2, dim2=-1).movedim(-1, 0)
        return (1 / power.clamp_min(LEAST)).to(frequency)

    def to_dict(self) -> dict[str, Any]:
        """The spectrum as plain numbers, for a model file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SceneSpectrum:
        """The spectrum that :meth:`to_dict` described."""
        return cls.of_arrays(np.array(values["frequency"]), np.array(values["power"]))


@lru_cache(maxsize=16)
def power_on_grid(spectrum: SceneSpectrum, size: int, device: torch.device) -> Tensor:
    """:meth:`SceneSpectrum.at` what a real Fourier transform of ``size`` px has: (C, C, size, size // 2 + 1)."""
    # Whoever asks first, others may need it for a gradient.
    with torch.inference_mode(False):
        vertical = torch.fft.fftfreq(size, dtype=torch.float64)[:, None]
        power = spectrum.at(torch.hypot(vertical, torch.fft.rfftfreq(size, dtype=torch.float64)))
        return power.permute(2, 3, 0, 1).contiguous().to(device)
