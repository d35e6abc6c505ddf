"""The filter of filtered back projection: what undoes the 1 / |k| that projecting and back projecting leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from scipy.fft import next_fast_len
from torch import Tensor

SpectralWindow = Callable[[Tensor], Tensor]
"""What multiplies the ramp at frequencies in cycles per bin, 0 to 1/2; 1 at frequency 0."""


def ramp(frequency: Tensor) -> Tensor:
    """No window: sharpest and noisiest (Ramachandran and Lakshminarayanan 1971)."""
    return torch.ones_like(frequency)


def shepp_logan(frequency: Tensor) -> Tensor:
    """``sinc(k)``, 0.64 at the highest frequency (Shepp and Logan 1974; Kak and Slaney 1988, section 3.3)."""
    return torch.sinc(frequency)


def hann(frequency: Tensor) -> Tensor:
    """``(1 + cos(2 pi k)) / 2``, which lets nothing pass at the highest frequency."""
    return (1 + torch.cos(2 * torch.pi * frequency)) / 2


SHADOW = (0.6684, 0.3312, 0.0004)
"""Autocorrelation at the distance of 0, 1 and 2 bins (the latter both ways) of a pixel's shadow, averaged over angles:
the integral over ``k`` of ``(sinc(k) sinc(k cos a) sinc(k sin a))^2 cos(2 pi k l)``."""

WINDOWS: dict[str, SpectralWindow] = {"ramp": ramp, "shepp_logan": shepp_logan, "hann": hann}


def filtered(data: Tensor, window: SpectralWindow = ramp) -> Tensor:
    """Filter views with ``|k|`` times a window.

    The ramp is sampled in space and then transformed, so that the mean of a slice comes out right (Kak and Slaney
    1988, equations 3.61 to 3.64); zeros keep the ends of a view from meeting.

    Parameters
    ----------
    data : Tensor, shape (..., views, bins)
    window : callable
        May answer for each image and band, with a shape that goes with (..., 1, frequencies).

    Returns
    -------
    Tensor, shape (..., views, bins)
        Filtered, for bins of width 1.
    """
    bins = data.shape[-1]
    size = next_fast_len(2 * bins, real=True)
    frequency = torch.fft.rfftfreq(size, dtype=data.dtype, device=data.device)
    response = _ramp(size, data.dtype, data.device) * window(frequency)
    return torch.fft.irfft(torch.fft.rfft(data, n=size) * response, n=size)[..., :bins]


def spread_of_filtered(sigma: Tensor) -> Tensor:
    """Standard deviation of what the shadow of a pixel reads of views that :func:`filtered` without a window made.

    Views are independent, and in each the filter leaves neighbours that are not: with its kernel ``h`` and the shadow's
    own autocorrelation ``r``, averaged over angles and places, the variance of a bin counts as the square of the
    shadowed kernel, ``sum_l r_l h_n h_(n + l)``.

    Parameters
    ----------
    sigma : Tensor, shape (..., views, bins)
        Of the data, independent from bin to bin.

    Returns
    -------
    Tensor, shape (..., views, bins)
    """
    bins = sigma.shape[-1]
    size = next_fast_len(2 * bins, real=True)
    kernel = torch.fft.irfft(_ramp(size, sigma.dtype, sigma.device), n=size)
    squared = sum(r * kernel * (kernel.roll(lag) + kernel.roll(-lag)) / 2 for lag, r in enumerate(SHADOW))
    response = torch.fft.rfft(torch.as_tensor(squared))
    variance = torch.fft.irfft(torch.fft.rfft(sigma.square(), n=size) * response, n=size)[..., :bins]
    return variance.clamp_min(0).sqrt()


@lru_cache(maxsize=16)
def _ramp(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        place = torch.arange(size, dtype=torch.float64)
        place = place.minimum(size - place)
        odd = place.remainder(2) == 1
        kernel = torch.where(odd, -1 / (torch.pi * place).square(), torch.zeros(()).double())
        kernel[0] = 0.25
        return torch.fft.rfft(kernel).real.to(device, dtype)
