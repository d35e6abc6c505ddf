"""Memorising: whether synthetic sources are copies of training sources, nearer to these than unseen real ones are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.stats import beta

from pipeline.evaluation.field.finding import TAILS, Finding, share_as_far
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
NEAREST = 1e-6
"""Distances below this are float32's rounding."""
SIMULATED = 2000
"""Perfect generators behind a p-value."""
SHOWN = 8
"""Pairs that are shown."""

Floats = NDArray[np.float64]


class Nearest(NamedTuple):
    """For each of some stamps, how far the training stamp most like it is, and which that is; shape (N,) each."""

    distance: Floats
    source: NDArray[np.intp]


_PLACES = ["field", "y", "x"]
NO_PAIRS = pd.DataFrame(columns=[*_PLACES, *(f"training_{name}" for name in _PLACES), "distance"])
"""The pairs of a sky without sources, or beside one."""


class Memorised(NamedTuple):
    """Findings, and the synthetic sources that are nearest to training sources, with these."""

    findings: list[Finding]
    pairs: pd.DataFrame


def memorised(training: Stamps, held_out: Stamps, synthetic: Stamps, light: str, *address: object) -> Memorised:
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
    Memorised
        Findings ``copied_bright``, ``copied_faint``, shares, and both together as ``copied``; ``nearest_bright`` and
        ``nearest_faint``, the least distance, by which a single copy among hundreds is seen. ``perfect`` and
        ``p_value`` are by simulated generators whose distances follow the power law of the held-out ones, threshold
        and all.
    """
    bound = float(np.nanquantile(held_out.sources[light], BRIGHT)) if len(held_out.sources) else np.nan
    nearest = [nearest_training(stamps.pixels, training.pixels) for stamps in (held_out, synthetic)]
    findings, total, expected, compared = [], 0, np.zeros(SIMULATED), 0
    for name, sign in (("copied_bright", 1), ("copied_faint", -1)):
        classes = [sign * (stamps.sources[light].to_numpy() - bound) > 0 for stamps in (held_out, synthetic)]
        real, made = (found.distance[chosen] for found, chosen in zip(nearest, classes))
        n = min(len(real), len(made))
        if n < FEWEST:
            findings.append(Finding(PART, name, "", *(np.nan,) * 7, n))
            continue
        random = addressed_random(*address, PART, name)
        real, made = (random.permutation(values)[:n] for values in (real, made))
        # A uniform distance is a power law of power 1, and nothing that is asked here depends on the power.
        chance = random.random((2, SIMULATED, n))
        copies, simulated = _copies(made, real), _copies(chance[1], chance[0])
        findings.append(_finding(name, int(copies), simulated, n))
        findings.append(_nearest(name.replace("copied", "nearest"), real, made, chance, n))
        total, expected, compared = total + int(copies), expected + simulated, compared + n
    if compared:
        findings.append(_finding("copied", total, expected, compared))
    return Memorised(findings, _pairs(nearest[1], synthetic.sources, training.sources))


def nearest_training(stamps: NDArray[np.float32], training: NDArray[np.float32]) -> Nearest:
    """Find the training stamp most like each stamp in any of the eight orientations of a square.

    The middle of each stamp, its mean taken off, is brought to length one, so that a copy is found whatever its
    brightness: the distance is ``sqrt(2 - 2 r)`` with the correlation r.

    Parameters
    ----------
    stamps, training : array, shape (N, C, 32, 32) and (M, C, 32, 32)
    """
    known = _unit(_middle(training))
    likeness, index = [], []
    for first in range(0, len(stamps), TOGETHER):
        some = _middle(stamps[first : first + TOGETHER])
        turned = [torch.rot90(each, turns, (-2, -1)) for each in (some, some.flip(-1)) for turns in range(4)]
        best = torch.stack([_unit(each) @ known.T for each in turned]).amax(0).max(1)
        likeness.append(best.values)
        index.append(best.indices)
    if not likeness:
        return Nearest(np.zeros(0), np.zeros(0, np.intp))
    distance = torch.sqrt((2 - 2 * torch.cat(likeness)).clamp_min(0))
    return Nearest(distance.double().numpy(), torch.cat(index).numpy())


class Tail(NamedTuple):
    """The law of the nearest, ``P(d < t) = share (t / edge)^power`` below the edge (Hill 1975, Ann. Stat. 3, 1163).

    The nearest of many points in D dimensions have ``P(d < t) ~ t^D``, so few hundred distances tell a quantile that
    lies below them all.
    """

    edge: Floats
    power: Floats
    share: float


def tail_of(distances: Floats) -> Tail:
    """The law of distances, shape (..., N), from the nearest tenth of them."""
    ordered = np.maximum(np.sort(distances, axis=-1), NEAREST)
    number = ordered.shape[-1]
    count = int(np.clip(TAIL * number, 10, 100))
    edge = ordered[..., count]
    power = count / np.maximum(np.log(edge[..., None] / ordered[..., :count]).sum(-1), 1e-9)
    return Tail(edge, power, count / number)


def closest_threshold(distances: Floats) -> Floats:
    """The distance within which one in a thousand of held-out distances, shape (..., N), lies; shape (...)."""
    tail = tail_of(distances)
    return tail.edge * (CLOSEST / tail.share) ** (1 / tail.power)


def _copies(made: Floats, held_out: Floats) -> Floats:
    return (made < closest_threshold(held_out)[..., None]).sum(-1).astype(np.float64)


def _nearest(name: str, held_out: Floats, made: Floats, chance: Floats, n: int) -> Finding:
    """The least distance: how far beyond the edge of the tail it lies, in powers, is alike for every power law."""

    def depth(some: Floats, tail: Tail) -> Floats:
        return tail.power * np.log(tail.edge / np.maximum(some.min(-1), NEAREST))

    tail = tail_of(held_out)
    simulated = depth(chance[1], tail_of(chance[0]))
    far, middle, near = np.percentile(simulated, [TAILS[0], 50, TAILS[1]])
    low, perfect, high = (float(tail.edge * np.exp(-each / tail.power)) for each in (near, middle, far))
    p_value = share_as_far(float(depth(made, tail)), simulated)
    return Finding(PART, name, "", float(made.min()), np.nan, np.nan, perfect, low, high, p_value, n)


def _finding(name: str, copies: int, simulated: Floats, n: int) -> Finding:
    low = beta.ppf(0.025, copies, n - copies + 1) if copies else 0.0
    high = beta.ppf(0.975, copies + 1, n - copies) if copies < n else 1.0
    fewest, most = np.percentile(simulated / n, TAILS)
    return Finding(
        PART, name, "", copies / n, float(low), float(high), float(simulated.mean() / n), float(fewest), float(most),
        share_as_far(copies, simulated), n,
    )  # fmt: skip


def _pairs(nearest: Nearest, sources: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    order = np.argsort(nearest.distance, kind="stable")[:SHOWN]
    both = [
        sources.reindex(columns=_PLACES).iloc[order].reset_index(drop=True),
        training.reindex(columns=_PLACES).iloc[nearest.source[order]].add_prefix("training_").reset_index(drop=True),
    ]
    return pd.concat([*both, pd.Series(nearest.distance[order], name="distance")], axis=1)


def _middle(stamps: NDArray[np.float32]) -> torch.Tensor:
    values = torch.as_tensor(np.ascontiguousarray(stamps))
    # One pixel more than half of an even width, so that the source's own pixel is in the middle whichever way it turns.
    first, last = values.shape[-1] // 2 - CENTRE // 2, values.shape[-1] // 2 + CENTRE // 2 + 1
    return values[..., first:last, first:last]


def _unit(stamps: torch.Tensor) -> torch.Tensor:
    flat = stamps.flatten(1)
    centred = flat - flat.mean(1, keepdim=True)
    return centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-9)
