"""How surely an image, seen through the instrument, shows a point source at each place, by the noise of its data."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from pipeline.image import Pixels
from pipeline.observation import Observation

Map = NDArray[np.float64]

SHOWN = 3.0
"""Sigmas of a fitted flux from which on a source is there."""
UNASKED = 2.0
"""Sigmas by which an image shows more of a source than its data do, from which on these did not ask for it."""
LIMIT = 5.0
"""Sigmas of the faintest point source that the data can tell of."""


def significance(light: Pixels, seen: Observation) -> Map:
    """Flux of a point source at each place over its standard deviation: a matched filter.

    ``sum_b A_b^T (m_b / s_b^2) / sqrt(sum_b |p_b|^2 / s_b^2)`` of data ``m`` in bands ``b``, first of each band alone
    and then of all bands together, as for a source that is as bright in each (Zackay and Ofek 2017, ApJ 836, 187).
    The median is taken off, so that an error of the sky is no source.

    Parameters
    ----------
    light : array, shape (C, H, W)
        Data, or an image as the instrument would see it.
    seen : Observation
        For the instrument and its noise, of which the median of each band counts.

    Returns
    -------
    array, shape (C + 1, H, W)
    """
    sigma = torch.from_numpy(noise_levels(seen)).double()[:, None, None]
    values = torch.from_numpy(np.asarray(light, np.float64))
    halo = seen.operator.halo
    point = torch.zeros((len(values), 4 * halo + 1, 4 * halo + 1), dtype=values.dtype)
    point[:, 2 * halo, 2 * halo] = 1
    power = seen.operator.forward(point[None])[0].square().sum((-2, -1), keepdim=True)
    sums, weights = seen.operator.adjoint(values[None] / sigma**2)[0], power / sigma**2
    each, together = sums / weights.sqrt(), sums.sum(0, keepdim=True) / weights.sum(0, keepdim=True).sqrt()
    found = torch.cat([each, together]).numpy()
    return found - np.median(found, (-2, -1), keepdims=True)


def unasked_sources(restored: Pixels, seen: Observation, margin: int) -> Map:
    """Significance of each source that a restored image holds and its data did not ask for.

    A source is a place where the image, seen through the instrument, shows at least 3 sigmas of a point source, and 2
    sigmas more than the data show there. Where it shows no more than the data do, it followed their noise: that is no
    invention.

    Parameters
    ----------
    restored : array, shape (C, H, W)
    seen : Observation
    margin : int
        Pixels at the border that do not count.

    Returns
    -------
    array, shape (N,)
        In sigmas of the observation.
    """
    blurred = seen.operator.forward(torch.from_numpy(np.asarray(restored, np.float64))[None])[0].numpy()
    made = significance(blurred, seen)
    if made.max() < SHOWN:
        return np.zeros(0)  # as of most fields: what the data show need not be asked
    told = significance(seen.preview.pixels, seen)
    unasked = np.where(made - told >= UNASKED, made, 0).max(0)
    reach = 2 * max(margin // 2, 1) + 1
    peaks = (unasked >= SHOWN) & (unasked == maximum_filter(unasked, reach))
    inner = slice(margin, -margin or None)
    return unasked[inner, inner][peaks[inner, inner]]


def noise_levels(seen: Observation) -> Map:
    """Median noise of each band, shape (C,), over trusted data."""
    preview = seen.preview
    if preview.sigma is None:
        raise ValueError("an observation without a noise map")
    return np.array(
        [np.median(s[~m]) if not m.all() else np.median(s) for s, m in zip(preview.sigma, preview.mask)], np.float64
    )
