"""Wiener's filter across bands: the best linear estimate, given the power spectra of scenes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.measures.cross_power import cross_power
from pipeline.observation import Observation
from pipeline.physics.blur import convolve_bands, pad_reflect
from pipeline.physics.scene_spectrum import SceneSpectrum, power_on_grid
from pipeline.physics.transfer_function import transfer_function
from pipeline.physics.wiener_filter import grid_of, wiener_kernels
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.restorers.whitened import Whitened, point_response, whitened

RADIUS = 32
"""Half width in px of the filter, a finite kernel: what lies farther away does not matter to a pixel."""


class Wiener(TunedRestorer):
    """``x = m + S H* (H S H* + f N)^-1 (y - m)``, a matrix over bands at each spatial frequency (Wiener 1949).

    ``S`` is the cross-power spectrum of the train role's scenes, averaged over directions, ``H`` the transfer function,
    ``N`` the covariance of the noise, ``f`` the tuned ``strength``, ``m`` the mean of the data. What is alike in all
    bands is so told from noise, which is not.
    """

    searched: ClassVar[dict[str, float]] = {"strength": 1.0}

    @classmethod
    def learned(cls, truths: Iterable[Image]) -> Settings:
        """Measure ``signal``, the cross-power spectrum of scenes."""
        found = cross_power((truth.pixels, truth.mask) for truth in truths)
        return {"signal": {"frequency": found.frequency.tolist(), "power": found.power.tolist()}}

    def restore(self, observation: Observation) -> Image:
        """Filter the data; masked pixels are filled from their neighbours first."""
        seen = whitened(observation)
        filters = _kernels(seen, self.settings["signal"], self.settings["strength"])
        mean = (seen.data * (seen.weight > 0)).sum((-2, -1), keepdim=True)
        mean = mean / (seen.weight > 0).sum((-2, -1), keepdim=True).clamp_min(1)
        padded = pad_reflect((seen.data - mean)[None], RADIUS)
        return seen.image(mean + convolve_bands(padded, filters)[0], observation.preview)


def _kernels(seen: Whitened, signal: dict[str, list], strength: float) -> Tensor:
    """The filter as finite kernels, shape (C, C, K, K): band out, band in."""
    level = seen.level[:, 0].numpy()
    spectrum = SceneSpectrum.of_arrays(np.array(signal["frequency"]), np.array(signal["power"]) / (level * level.T))
    response = point_response(seen.operator, len(level))
    grid = grid_of(RADIUS, response.shape[-1])
    power = power_on_grid(spectrum, grid, response.device)
    transfer = transfer_function(response, (grid, grid))
    return wiener_kernels(transfer, power, strength * _noise_covariance(seen), RADIUS).float()


def _noise_covariance(seen: Whitened) -> Tensor:
    # GalaxyGAN's protocol adds one realisation to all bands, so their differences are free of it, but for rounding.
    independent = torch.eye(len(seen.level), dtype=torch.float64)
    return 0.999 + 0.001 * independent if getattr(seen.operator.noise, "shared", False) else independent
