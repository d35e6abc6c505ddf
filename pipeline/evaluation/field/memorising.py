"""Memorising: whether synthetic sources are copies of training sources, nearer to these than unseen real ones are."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import beta, binom

from pipeline.evaluation.field.finding import Finding
from pipeline.evaluation.field.stamps import Stamps
from pipeline.physics.noise import addressed_random

PART = "memorising"
CLOSEST = 0.001
"""Share of held-out sources that are nearer to training sky than the threshold."""
BRIGHT = 0.8
"""Sources with more light than this share of the held-out ones are bright."""
CENTRE = 20
"""Px of a stamp that are compared: the sky about a source is its neighbours' and noise."""
FEWEST = 30
"""Sources of a class without which no threshold is told."""
TAIL = 0.1
"""Share of the held-out distances, from the nearest, on which the threshold rests; a hundred of them at most."""
TOGETHER = 64

Floats = NDArray[np.float64]


def memorised(training: Stamps, held_out: Stamps, synthetic: Stamps, light: str, *address: object) -> list[Finding]:
    """The share of synthetic sources nearer to the training sky than the closest 0.1% of held-out ones.

    Faint and bright sources apart, with as many synthetic as held-out ones: all bright round galaxies are alike, and
    all faint ones differ by their noise, so each class has a threshold of its own.

    Parameters
    ----------
    training, held_out, synthetic : Stamps
    light : str
        Column of their sources that says how bright they are.
    *address : object
        Where the equal numbers are drawn.

    Returns
    -------
    list of Finding
        ``copied_bright``, ``copied_faint``; ``perfect`` is 0.001 but for the bounds, which are what chance leaves of so
        few sources; ``p_value`` is binomial.
    """
    bound = float(np.nanquantile(held_out.sources[light], BRIGHT)) if len(held_out.sources) else np.nan
    nearest = [nearest_distances(stamps.pixels, training.pixels) for stamps in (held_out, synthetic)]
    found = []
    for name, sign in (("copied_bright", 1), ("copied_faint", -1)):
        classes = [sign * (stamps.sources[light].to_numpy() - bound) > 0 for stamps in (held_out, synthetic)]
        real, made = (distance[chosen] for distance, chosen in zip(nearest, classes))
        n = min(len(real), len(made))
        if n < FEWEST:
            found.append(Finding(PART, name, "", *(np.nan,) * 7, n))
            continue
        random = addressed_random(*address, PART, name)
        real, made = (random.permutation(values)[:n] for values in (real, made))
        found.append(_finding(name, int((made < closest_threshold(real)).sum()), n))
    return found


def nearest_distances(stamps: NDArray[np.float32], training: NDArray[np.float32]) -> Floats:
    """Distance of each stamp to the training stamp most like it in any of the eight orientations of a square.

    The middle of each stamp, its mean taken off, is brought to length one, so that a copy is found whatever its
    brightness: the distance is ``sqrt(2 - 2 r)`` with the correlation r.

    Parameters
    ----------
    stamps, training : array, shape (N, C, 32, 32) and (M, C, 32, 32)

    Returns
    -------
    array, shape (N,)
    """
    known = _normalised(training)
    found = []
    for first in range(0, len(stamps), TOGETHER):
        some = _middle(stamps[first : first + TOGETHER])
        best = torch.full((len(some),), -1.0)
        for turned in (some, some.flip(-1)):
            for turns in range(4):
                likeness = _unit(torch.rot90(turned, turns, (-2, -1))) @ known.T
                best = torch.maximum(best, likeness.max(1).values)
        found.append(torch.sqrt((2 - 2 * best).clamp_min(0)))
    return torch.cat(found).double().numpy() if found else np.zeros(0)


def closest_threshold(distances: Floats) -> float:
    """The distance within which one in a thousand lies, by the power law of the nearest (Hill 1975).

    The nearest of many points in D dimensions have ``P(d < t) ~ t^D``, so few hundred distances tell a quantile that
    lies below them all.

    Parameters
    ----------
    distances : array, shape (N,)
        Of held-out sources.
    """
    ordered = np.maximum(np.sort(distances), 1e-6)
    count = int(np.clip(TAIL * len(ordered), 10, 100))
    edge = ordered[count]
    power = count / np.log(edge / ordered[:count]).sum() if edge > ordered[0] else np.inf
    return float(edge * (CLOSEST * len(ordered) / count) ** (1 / power))


def _finding(name: str, copies: int, n: int) -> Finding:
    low = beta.ppf(0.025, copies, n - copies + 1) if copies else 0.0
    high = beta.ppf(0.975, copies + 1, n - copies) if copies < n else 1.0
    fewest, most = (float(binom.ppf(tail, n, CLOSEST) / n) for tail in (0.025, 0.975))
    p_value = float(binom.sf(copies - 1, n, CLOSEST))
    return Finding(PART, name, "", copies / n, float(low), float(high), CLOSEST, fewest, most, p_value, n)


def _middle(stamps: NDArray[np.float32]) -> torch.Tensor:
    values = torch.as_tensor(np.ascontiguousarray(stamps))
    # One pixel more than half of an even width, so that the source's own pixel is in the middle whichever way it turns.
    first, last = values.shape[-1] // 2 - CENTRE // 2, values.shape[-1] // 2 + CENTRE // 2 + 1
    return values[..., first:last, first:last]


def _normalised(stamps: NDArray[np.float32]) -> torch.Tensor:
    return _unit(_middle(stamps))


def _unit(stamps: torch.Tensor) -> torch.Tensor:
    flat = stamps.flatten(1)
    centred = flat - flat.mean(1, keepdim=True)
    return centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-9)
