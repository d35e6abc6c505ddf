"""How well an instrument saw each source: by this, and not by how it came out, sources are sorted."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, sum_labels

from pipeline.image import Image
from pipeline.physics import Operator

Floats = NDArray[np.float64]

BINS = {"under 3": (0.0, 3.0), "3 to 10": (3.0, 10.0), "10 to 30": (10.0, 30.0), "above 30": (30.0, np.inf)}
"""Signal-to-noise of the observation, lower end included."""


def signal_to_noise(
    light: NDArray[np.floating], segments: NDArray[np.int32], seen: Image, operator: Operator
) -> Floats:
    """Signal-to-noise of each source when it is fitted with its own noise-free image: ``sqrt(sum (s / sigma)^2)``.

    ``s`` is the light of the truth as the instrument blurs it. A pixel between sources counts for the nearest. Of a
    point source it is the ratio that a fit of the PSF reaches. No noise of the observation enters, so a source is not
    in a bin because its noise was kind.

    Parameters
    ----------
    light : array, shape (C, H, W)
        Of the sources of the truth alone, no sky.
    segments : array, shape (H, W), int
        0 where the sky is, n + 1 where source n is.
    seen : Image, shape (C, H, W)
        What was observed, for its ``sigma`` and mask: a pixel that was lost tells nothing.
    operator : Operator

    Returns
    -------
    array, shape (C, N)
        Infinite where there is no noise.
    """
    count = int(segments.max(initial=0))
    if not count:
        return np.zeros((len(light), 0))
    with torch.no_grad():
        signal = operator.forward(torch.from_numpy(np.ascontiguousarray(light))[None])[0].numpy()
    sigma = np.zeros(seen.shape) if seen.sigma is None else seen.sigma
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = np.where(seen.mask | (signal == 0), 0, (signal / sigma) ** 2)
    rows, columns = distance_transform_edt(segments == 0, return_distances=False, return_indices=True)
    nearest, numbers = segments[rows, columns], np.arange(1, count + 1)
    return np.sqrt(np.stack([sum_labels(band, nearest, numbers) for band in squared]))


def combined(snr: Floats) -> Floats:
    """Signal-to-noise of all bands together, shape (N,), of that in each, shape (C, N)."""
    return np.sqrt((snr**2).sum(0))


def noise_of_mean(seen: Image) -> float:
    """Noise of the mean of the bands of an observation, typical of its trusted pixels; 0 where none is known."""
    if seen.sigma is None:
        return 0.0
    known = [sigma[~mask] for sigma, mask in zip(seen.sigma, seen.mask)]
    return float(np.sqrt(sum(np.median(s) ** 2 for s in known if s.size)) / len(known))


def bin_of(snr: Floats) -> NDArray[np.str_]:
    """Name of the bin of each signal-to-noise; empty where there is none."""
    names = np.full(np.shape(snr), "", dtype=object)
    for name, (low, high) in BINS.items():
        names[(snr >= low) & ((snr < high) | np.isinf(high))] = name
    return names.astype(str)
