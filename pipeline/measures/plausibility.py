"""Whether data are such as an instrument of the known kind records: what is odd about them, in plain sentences.

Restorers take the noise to be independent from pixel to pixel, of the level that is said, and the light to have come
through the PSF. Nothing but the data tells that it is so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label

from pipeline.image import Image
from pipeline.measures.noise import NoiseEstimateError, white_noise_sigma
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.physics.operator import Operator

Plane = NDArray[np.floating]
Mask = NDArray[np.bool_]

LEVEL_WITHIN = 1.25
"""Factor by which the noise of the data may differ from the one that is said."""
CORRELATED = 0.2
"""Correlation of the noise of neighbours from which on it is said. A blurred scene, of which faint light remains, has
up to 0.1."""
CROWDED = 3.0
"""Spread of the sky over the noise from which on there is no sky to be seen."""
FLAT_TOP = 5
"""Connected pixels that all have the highest value: saturated."""
STILL = 64
"""Connected pixels of one value elsewhere: not read, or filled."""
SPIKE = 6.0
"""Sigmas by which a pixel exceeds what any point source would make of its neighbours ..."""
SHARPER = 0.8
"""... if the PSF were so much sharper than is said, that of the neighbours' light is asked."""
CERTAIN = 5.0
"""Sigmas by which a datum must exceed the brightest light of a training before that is said."""
FEWEST = 400


def oddities(seen: Image, operator: Operator, brightest: Sequence[float] = ()) -> list[str]:
    """What is odd about data, a sentence for each kind of oddity in each band.

    Parameters
    ----------
    seen : Image
        Data with their noise.
    operator : Operator
        The instrument that is said to have taken them.
    brightest : sequence of float
        The brightest light per band that a restorer has learned from; empty for a formula.
    """
    shape = _neighbours_of_a_point(operator, len(seen.bands))
    found: list[str] = []
    for number, band in enumerate(seen.bands):
        trusted = ~seen.mask[number]
        sigma = None if seen.sigma is None else seen.sigma[number]
        if trusted.sum() < FEWEST or sigma is None:
            continue
        most = brightest[number] if number < len(brightest) else None
        found += [
            f"band {band}: {words}" for words in _of_band(seen.pixels[number], trusted, sigma, shape[number], most)
        ]
    return found


def noise_correlation(plane: Plane, trusted: Mask) -> float:
    """Correlation of the noise of neighbours, ``1 - <(y_i - y_i+1)^2> / <(y_i - y_i+3)^2>`` in medians over both axes.

    Differences see nothing of a level, and medians nothing of a few sources: 0 for white noise on an empty sky.
    """
    near, far = (_median_square(plane, trusted, lag) for lag in (1, 3))
    return 1 - near / far if far > 0 else 0.0


def _of_band(plane: Plane, trusted: Mask, sigma: Plane, ratio: float, most: float | None) -> Iterator[str]:
    told = float(np.median(sigma[trusted]))
    level, spread = sky_level_and_sigma(plane[trusted])
    if spread > CROWDED * told:
        yield f"varies by {spread / told:.1f} times its noise nearly everywhere: light without an empty sky"
    else:
        correlation = noise_correlation(plane, trusted)
        if correlation > CORRELATED:
            yield f"noise of neighbours is correlated by {correlation:.2f}, and white noise is assumed"
        measured = _white_noise(plane, ~trusted)
        if measured is not None and not 1 / LEVEL_WITHIN <= measured / told <= LEVEL_WITHIN:
            yield f"white noise of {measured:.3g}, and {told:.3g} is said"
    if _largest(trusted & (plane == plane[trusted].max())) >= FLAT_TOP:
        yield "several connected pixels have the highest value of all: saturated, and no mask says so"
    if _largest(_still(plane) & trusted) >= STILL:
        yield "a whole region has one value: not read, or filled, and no mask says so"
    spikes = _spikes(plane - level, trusted, sigma, SHARPER * ratio)
    if spikes:
        yield f"{spikes} pixels stand out more sharply than any light through the PSF: cosmic rays or hot pixels"
    if most is not None:
        over = plane[trusted & (plane > most + CERTAIN * sigma)]
        if over.size:
            yield f"light of {over.max():.4g}, and the brightest that was learned from is {most:.4g}"


def _median_square(plane: Plane, trusted: Mask, lag: int) -> float:
    values = []
    for a, b, here, there in (
        (plane[lag:], plane[:-lag], trusted[lag:], trusted[:-lag]),
        (plane[:, lag:], plane[:, :-lag], trusted[:, lag:], trusted[:, :-lag]),
    ):
        values.append((a.astype(np.float64) - b)[here & there] ** 2)
    every = np.concatenate(values)
    return float(np.median(every)) if every.size else 0.0


def _white_noise(plane: Plane, mask: Mask) -> float | None:
    try:
        return white_noise_sigma(plane, mask)
    except NoiseEstimateError:
        return None


def _largest(flags: Mask) -> int:
    labels, count = label(flags)
    return int(np.bincount(labels.ravel())[1:].max()) if count else 0


def _still(plane: Plane) -> Mask:
    same = np.zeros(plane.shape, bool)
    same[:, 1:] = plane[:, 1:] == plane[:, :-1]
    same[1:] |= plane[1:] == plane[:-1]
    return same


def _spikes(light: Plane, trusted: Mask, sigma: Plane, ratio: float) -> int:
    """Pixels beside which less light lies, along one axis, than a point source at their middle would leave there."""
    padded, known = np.pad(np.maximum(light, 0), 1, mode="reflect"), np.pad(trusted, 1, mode="reflect")
    count = np.zeros(light.shape, bool)
    for ahead, behind in (((slice(2, None), slice(1, -1)), (slice(-2), slice(1, -1))),
                          ((slice(1, -1), slice(2, None)), (slice(1, -1), slice(-2)))):  # fmt: skip
        beside = (padded[ahead] + padded[behind]) / 2
        sharp = ratio * light - beside > SPIKE * sigma * np.sqrt(ratio**2 + 0.5)
        count |= sharp & known[ahead] & known[behind] & trusted
    # Beyond the border nobody knows the neighbours.
    return int(count[1:-1, 1:-1].sum())


def _neighbours_of_a_point(operator: Operator, bands: int) -> list[float]:
    """Light of a neighbour over that of the middle of a point source, by band: the less of both axes."""
    size = 2 * operator.halo + 3
    point = torch.zeros((1, bands, size, size), dtype=torch.float64)
    middle = size // 2
    point[..., middle, middle] = 1
    seen = operator.forward(point)[0]
    across = (seen[:, middle, middle - 1] + seen[:, middle, middle + 1]) / 2
    along = (seen[:, middle - 1, middle] + seen[:, middle + 1, middle]) / 2
    return (torch.minimum(across, along) / seen[:, middle, middle]).tolist()
