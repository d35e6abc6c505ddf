"""Wiener's filter across bands: the best linear estimate, given the power spectra of scenes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.errors import ClearfieldError
from pipeline.fill import fill_masked
from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.blur import pad_reflect
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.restorers.whitened import Whitened, point_response, transfer_function, whitened

RADIUS = 32
"""Half width in px of the filter, a finite kernel: what lies farther away does not matter to a pixel."""
BINS = 32
_GRID = 4 * RADIUS


class WienerError(ClearfieldError):
    """Training scenes from which no power spectrum can be taken."""


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
        return {"signal": signal_spectrum(truths)}

    def restore(self, observation: Observation) -> Image:
        """Filter the data; masked pixels are filled from their neighbours first."""
        seen = whitened(observation)
        filters = _kernels(seen, self.settings["signal"], self.settings["strength"])
        mean = (seen.data * (seen.weight > 0)).sum((-2, -1), keepdim=True)
        mean = mean / (seen.weight > 0).sum((-2, -1), keepdim=True).clamp_min(1)
        return seen.image(mean + _filtered(seen.data - mean, filters), observation.preview)


def signal_spectrum(truths: Iterable[Image]) -> dict[str, list[float] | list[list[list[float]]]]:
    """Cross-power spectrum of scenes, per pixel, averaged over directions and scenes.

    Parameters
    ----------
    truths : iterable of Image, shape (C, H, W)
        Of any sizes; a Hann window keeps their borders from leaking into high frequencies.

    Returns
    -------
    dict
        ``frequency``, n numbers in cycles per px, ascending; ``power``, n matrices of C x C in the unit squared.

    Raises
    ------
    WienerError
        If there is no scene.
    """
    # Narrow rings at low frequencies, where scenes are steep.
    edges = np.sqrt(0.5) * np.linspace(0, 1, BINS + 1) ** 1.5
    edges[-1] += 1e-9
    power, weighted, count = np.zeros((BINS, 1, 1)), np.zeros(BINS), np.zeros(BINS)
    for truth in truths:
        ring, frequency, number, cross = _rings(truth, edges)
        power, weighted, count = power + cross, weighted + np.bincount(ring, frequency, BINS), count + number
    if not count.any():
        raise WienerError("the train role is empty, so scenes have no power spectrum; give more groups, or fewer folds")
    there = count > 0
    mean = power[there] / count[there, None, None]
    return {"frequency": (weighted[there] / count[there]).tolist(), "power": mean.tolist()}


def _rings(truth: Image, edges: NDArray[np.float64]) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    pixels = fill_masked(truth.pixels.astype(np.float64), truth.mask)
    height, width = pixels.shape[-2:]
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    mean = (pixels * window).sum((-2, -1), keepdims=True) / window.sum()
    spectrum = np.fft.fft2((pixels - mean) * window).reshape(len(pixels), -1) / np.sqrt((window**2).sum())
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)).ravel()
    ring = np.digitize(frequency, edges) - 1
    ring[0] = -1
    spectrum, frequency, ring = spectrum[:, ring >= 0], frequency[ring >= 0], ring[ring >= 0]
    bins = len(edges) - 1
    cross = [[np.bincount(ring, (a * b.conj()).real, bins) for b in spectrum] for a in spectrum]
    return ring, frequency, np.bincount(ring, minlength=bins), np.moveaxis(np.array(cross), -1, 0)


def _kernels(seen: Whitened, signal: dict[str, list], strength: float) -> Tensor:
    """The filter as finite kernels, shape (C, C, K, K): band out, band in."""
    size = (_GRID, _GRID)
    vertical, horizontal = np.fft.fftfreq(_GRID)[:, None], np.fft.rfftfreq(_GRID)
    power = _interpolated(np.hypot(vertical, horizontal), signal) / (seen.level[:, 0] * seen.level[:, 0].T)
    response = point_response(seen.operator, len(seen.level))
    transfer = transfer_function(response, size).permute(1, 2, 0)
    seen_power = transfer[..., :, None] * power
    total = seen_power * transfer[..., None, :].conj() + strength * _noise_covariance(seen)
    # With T = H S H* + f N, which is Hermitian, S H* T^-1 is the adjoint of T^-1 H S.
    matrix = torch.linalg.solve(total, seen_power).mH
    kernels = torch.fft.irfft2(matrix.permute(2, 3, 0, 1), s=size).roll((RADIUS, RADIUS), (-2, -1))
    return kernels[..., : 2 * RADIUS + 1, : 2 * RADIUS + 1].float()


def _noise_covariance(seen: Whitened) -> Tensor:
    # GalaxyGAN's protocol adds one realisation to all bands, so their differences are free of it, but for rounding.
    independent = torch.eye(len(seen.level), dtype=torch.float64)
    return 0.999 + 0.001 * independent if getattr(seen.operator.noise, "shared", False) else independent


def _interpolated(frequency: NDArray[np.float64], signal: dict[str, list]) -> Tensor:
    known, power = np.array(signal["frequency"]), np.array(signal["power"])
    after = np.clip(np.searchsorted(known, frequency), 1, len(known) - 1)
    share = (frequency - known[after - 1]) / (known[after] - known[after - 1])
    # Linear between rings, constant beyond: a mean of covariance matrices is one again.
    share = np.clip(share, 0, 1)[..., None, None]
    return torch.from_numpy((1 - share) * power[after - 1] + share * power[after])


def _filtered(data: Tensor, kernels: Tensor) -> Tensor:
    padded = pad_reflect(data[None], RADIUS)[0]
    size, reach = padded.shape[-2:], 2 * RADIUS
    spectrum = torch.einsum("oiyx,iyx->oyx", torch.fft.rfft2(kernels, s=size), torch.fft.rfft2(padded))
    return torch.fft.irfft2(spectrum, s=size)[..., reach:, reach:]
