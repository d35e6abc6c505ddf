"""A model observer: how well a signal at a known place is told from its absence by the best linear reader.

The channelised Hotelling observer of Barrett, Yao, Rolland and Myers 1993, PNAS 90, 9758, with the dense
difference-of-Gaussian channels of Abbey and Barrett 2001, JOSA A 18, 473 (section 4), by which it reads as people do.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHANNELS = 10
NARROWEST, RATIO, BREADTH = 0.005, 1.4, 1.67
"""Of the first channel its width in cycles/px; each further one is so much wider; its outer over its inner Gaussian."""


@lru_cache(maxsize=8)
def channels(width: int) -> Array:
    """The channels in image space, shape (CHANNELS, width, width), about the middle pixel of an odd width.

    ``C_j(f) = exp(-(f / Q s_j)^2 / 2) - exp(-(f / s_j)^2 / 2)``, ``s_j = s_0 a^j`` (Abbey and Barrett 2001,
    equation 35).
    """
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(width), np.fft.fftfreq(width)))
    spread = NARROWEST * RATIO ** np.arange(1, CHANNELS + 1)[:, None, None]
    passed = np.exp(-((frequency / (BREADTH * spread)) ** 2) / 2) - np.exp(-((frequency / spread) ** 2) / 2)
    return np.fft.fftshift(np.fft.ifft2(passed).real, axes=(-2, -1))


def readings(patches: NDArray[np.floating]) -> Array:
    """What the channels see of patches, shape (N, C, W, W) with an odd W: an array of shape (N, C * CHANNELS)."""
    seen = np.einsum("ncyx,kyx->nck", patches.astype(np.float64), channels(patches.shape[-1]))
    return seen.reshape(len(patches), -1)


def template(absent: Array, present: Array) -> Array:
    """The reader's weights of readings: ``S^-1 (<present> - <absent>)`` (Barrett et al. 1993, equation 5).

    Parameters
    ----------
    absent, present : array, shape (N, K)
        Readings without and with the signal, ``S`` being the mean of their covariances.

    Returns
    -------
    array, shape (K,)
    """
    scatter = (np.cov(absent, rowvar=False) + np.cov(present, rowvar=False)) / 2
    # Neighbouring channels see nearly the same; what they do not tell apart has no say.
    weights: Array = np.linalg.pinv(scatter, rcond=1e-10, hermitian=True) @ (present.mean(0) - absent.mean(0))
    return weights


def detectability(absent: Array, present: Array) -> float:
    """Signal-to-noise of a reader's answers, d' in short: their distance over their standard deviation.

    Parameters
    ----------
    absent, present : array, shape (N,)
        Answers without and with the signal, of readings that the reader was not trained on.
    """
    scatter = (absent.var(ddof=1) + present.var(ddof=1)) / 2
    return float((present.mean() - absent.mean()) / math.sqrt(scatter)) if scatter > 0 else math.nan
