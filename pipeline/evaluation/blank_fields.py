"""What a restorer makes of nothing: an empty sky, seen through the instrument, and the sources that are found in it.

As Park et al. 2024 (arXiv 2404.00102, appendix) test a network for invention.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sep
import torch
from numpy.typing import NDArray

from pipeline.image import Image
from pipeline.measures.detection import SMALLEST_AREA
from pipeline.observation import Observation
from pipeline.physics.noise import addressed_generator

LIMIT = 5.0
"""A point source of which the data can tell has so many sigmas of the noise that it is measured with."""


def blank_field(observation: Observation, sky: Sequence[float], *address: object) -> Observation:
    """What the instrument of an observation would have seen of an empty sky, with noise of another draw.

    Parameters
    ----------
    observation : Observation
        Its shape, bands and operator are taken.
    sky : sequence of float
        Level of the sky per band, in its unit.
    *address
        Where the noise lies.
    """
    shape = observation.preview.shape
    clean = torch.tensor(sky, dtype=torch.float32)[None, :, None, None].expand(1, *shape)
    empty = _seen(observation, clean, *address, "blank field")
    return Observation(replace(empty.preview, mask=np.zeros(shape, bool)), empty.operator)


def redrawn(observation: Observation, truth: Image, *address: object) -> Observation:
    """Another exposure of the scene of an observation, by the same instrument with noise of another draw.

    Parameters
    ----------
    observation : Observation
    truth : Image
        The scene, on the grid of the observation.
    *address
        Where the noise lies.
    """
    return _seen(observation, observation.operator.forward(torch.from_numpy(truth.pixels)[None]), *address)


def _seen(observation: Observation, clean: torch.Tensor, *address: object) -> Observation:
    preview, operator, noise = observation.preview, observation.operator, observation.operator.noise
    background = None if preview.background is None else torch.from_numpy(preview.background)
    generators = [addressed_generator(*address, band) for band in preview.bands]
    data = noise.draw(clean, generators, background)
    sigma = operator.preview_sigma(noise.told_sigma(data, background=background))[0].expand(preview.shape)
    made = operator.preview(data)[0].contiguous().numpy()
    again = replace(preview.with_pixels(made), sigma=sigma.contiguous().numpy())
    return Observation(again, operator, None if observation.data is None else data[0].numpy())


def point_source_limit(sigma: Sequence[float], psf: NDArray[np.floating]) -> float:
    """Light of the faintest point source that the data can tell of, in the mean of the bands.

    Five sigmas of a flux that is fitted with the PSF: ``5 sigma / sqrt(sum p^2)``.

    Parameters
    ----------
    sigma : sequence of float
        Noise per band, independent from band to band.
    psf : array, shape (C, K, K)
        Each summing to one.

    Returns
    -------
    float
        In the unit of the image, summed over pixels.
    """
    noise = math.sqrt(sum(s**2 for s in sigma)) / len(sigma)
    return LIMIT * noise / math.sqrt(float((np.asarray(psf, np.float64).mean(0) ** 2).sum()))


def light_of_false_sources(restored: NDArray[np.floating], sky: float, threshold: float) -> NDArray[np.float64]:
    """Find sources where there are none, on the mean of the bands, and sum the light of each.

    Parameters
    ----------
    restored : array, shape (C, H, W)
        Of a blank field.
    sky : float
        Level of the mean of the bands.
    threshold : float
        A source has 5 connected pixels that are brighter than the sky by this.

    Returns
    -------
    array, shape (N,)
        In the unit of the image, summed over a source's pixels.
    """
    mean = np.ascontiguousarray(np.asarray(restored, np.float64).mean(0)) - sky
    found = sep.extract(mean, threshold, minarea=SMALLEST_AREA, filter_kernel=None)
    return np.asarray(found["flux"], np.float64)
