"""Whether a synthetic sky is given away by how its pixels follow their neighbours, whatever the sky shows.

Guarnera, Giudice and Battiato 2020, "DeepFake detection by analyzing convolutional traces" (CVPR workshops): the local
correlation of each patch and band is what it is known by, and a classifier learns which are real.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.finding import TAILS, Finding, percentiles, perfect_range, share_as_far
from pipeline.evaluation.field.trace_patches import PARTS, SkyPatches
from pipeline.evaluation.logistic import log_odds
from pipeline.evaluation.patches import Scale
from pipeline.evaluation.real_or_restored import area_under_curve
from pipeline.evaluation.statistics import widening
from pipeline.measures.local_correlation import local_correlation
from pipeline.physics.noise import addressed_random

PART = "traces"
AREA, ACCURACY, UNSEEN = "area", "accuracy", "area_learned_from_"
"""Quantities; the last goes before the name of the generator whose sky was learned from, where another's is judged."""
OF_TRAINING_SKY = "_of_training_sky"
"""Behind area and accuracy where real sky is judged that generators learned from: who paints it anew gets as much."""
_REAL = "_real"
"""No name of a generator begins so."""
NULLS = 199
"""Deals of the real sky's blocks into two halves, each told from the other."""
RESAMPLINGS = 200
"""Of blocks, behind an interval; classifiers learn anew in each."""
FEWEST = 16
"""Patches of each sky that a classifier learns from at least."""

Floats = NDArray[np.float64]


class Traces(NamedTuple):
    """Patches as the classifier knows them, a row each."""

    features: Floats
    block: NDArray[np.intp]
    part: NDArray[np.intp]

    def taken(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Traces:
        """Some of them."""
        return Traces(self.features[rows], self.block[rows], self.part[rows])


class Told(NamedTuple):
    """How well two skies are told apart: area under the curve, and share of patches that are told right."""

    area: float
    accuracy: float


def traces_of(patches: SkyPatches, scale: Scale) -> Traces:
    """The kernels of all bands, of values in asinh of the sky's noise; opposite neighbours, which are alike, as one."""
    count, bands = patches.pixels.shape[:2]
    if not count:
        return Traces(np.empty((0, 0)), patches.block, patches.part)
    scaled = [scale.apply(patch, np.zeros(patch.shape, bool)) for patch in patches.pixels]
    kernels = local_correlation(np.concatenate(scaled)).reshape(count, bands, -1)
    half = kernels.shape[-1] // 2
    folded = (kernels[..., :half] + kernels[..., ::-1][..., :half]) / 2
    return Traces(folded.reshape(count, -1), patches.block, patches.part)


def trace_findings(
    real: Traces, training: Traces, made: Mapping[str, Traces], *address: object
) -> dict[str, list[Finding]]:  # fmt: skip
    """How well each generator's sky is told from the real one, beside real sky told from real sky.

    These are the area under the receiver operating characteristic, the share of patches that are told right, both
    skies counting alike, and the area where the classifier learned from another generator's sky. Intervals are
    bootstraps over the blocks of both skies, widened for few blocks. A perfect generator is half of the real blocks,
    told from the other half. Real sky may differ from place to place too, so that which generators learned from is
    judged as theirs is.

    Parameters
    ----------
    real, training : Traces
        Held out, and what generators learned from.
    made : mapping of str to Traces
        By generator.
    *address : object
        Where the halves are dealt and blocks are drawn.

    Returns
    -------
    dict of str to list of Finding
        Empty where a classifier would have fewer than 16 patches of a sky to learn from.
    """
    if not _enough(real):
        return {name: [] for name in made}
    halves = (_halves(real, *address, PART, number) for number in range(NULLS))
    null = np.array([told_apart(one, other, other) for one, other in halves])
    known = {name: sky for name, sky in made.items() if _enough(sky)}
    skies = {_REAL: real, OF_TRAINING_SKY: training, **known}

    def told(learned: str, name: str, null: Floats) -> list[Finding]:
        value, again = told_apart(real, skies[learned], skies[name]), _resampled(skies, learned, name, *address)
        return [
            _finding(quantity, value[number], again[:, number], null[:, number], real, skies[name])
            for number, quantity in enumerate((AREA, ACCURACY))
        ]

    beside = told(OF_TRAINING_SKY, OF_TRAINING_SKY, null) if _enough(training) else []
    beside = [finding._replace(quantity=finding.quantity + OF_TRAINING_SKY) for finding in beside]
    found: dict[str, list[Finding]] = {name: [] for name in made}
    for name in known:
        unseen = {other: told(other, name, np.empty((0, 2)))[0] for other in known if other != name}
        found[name] += [*told(name, name, null), *beside]
        found[name] += [finding._replace(quantity=UNSEEN + other) for other, finding in unseen.items()]
    return found


def told_apart(real: Traces, learned: Traces, made: Traces) -> Told:
    """Learn on all parts but one of the real sky and of a generator's, judge that part of the real sky and of a third.

    Parameters
    ----------
    real, learned, made : Traces
        ``learned`` may be ``made``.

    Returns
    -------
    Told
        Means over the parts.
    """
    values = []
    for part in range(PARTS):
        ours, theirs = real.features[real.part != part], learned.features[learned.part != part]
        judged, others = real.features[real.part == part], made.features[made.part == part]
        first = np.arange(len(ours) + len(theirs)) < len(ours)
        odds = log_odds(np.concatenate([ours, theirs]), first, np.concatenate([judged, others]))
        # As if both kinds were as frequent.
        odds -= np.log(len(ours) / len(theirs))
        is_real = np.arange(len(odds)) < len(judged)
        right = ((odds[is_real] > 0).mean() + (odds[~is_real] < 0).mean()) / 2
        values.append((area_under_curve(odds, is_real), right))
    return Told(*np.mean(values, 0).tolist())


def _resampled(skies: Mapping[str, Traces], learned: str, made: str, *address: object) -> Floats:
    """What is found when the blocks of all skies are drawn with replacement, shape (RESAMPLINGS, 2)."""
    again = []
    for number in range(RESAMPLINGS):
        drawn = {name: _drawn(skies[name], *address, PART, name, number) for name in {_REAL, learned, made}}
        again.append(told_apart(drawn[_REAL], drawn[learned], drawn[made]))
    return np.array(again)


def _finding(quantity: str, value: float, again: Floats, null: Floats, real: Traces, made: Traces) -> Finding:
    wider = widening(min(len(np.unique(sky.block)) for sky in (real, made)))
    low, middle, high = percentiles(again, TAILS[0], 50, TAILS[1])
    # About the middle: with fewer different blocks to learn from, all resampled values are a little lower.
    low, high = (float(np.clip(value + wider * (end - middle), 0, 1)) for end in (low, high))
    p_value = share_as_far(value, null) if len(null) else np.nan
    return Finding(PART, quantity, "", value, low, high, *perfect_range(null), p_value, len(made.part))


def _enough(sky: Traces) -> bool:
    """Whether of half of a sky every part has blocks, and enough is left without it."""
    blocks = [len(np.unique(sky.block[sky.part == part])) for part in range(PARTS)]
    counts = np.bincount(sky.part, minlength=PARTS)
    return bool(min(blocks) > 1 and (counts.sum() - counts).min() >= FEWEST)


def _drawn(sky: Traces, *address: object) -> Traces:
    """The blocks of each part drawn with replacement, each with all that lies in it."""
    random = addressed_random(*address)
    rows = []
    for part in range(PARTS):
        blocks = np.unique(sky.block[sky.part == part])
        rows += [np.flatnonzero(sky.block == block) for block in random.choice(blocks, len(blocks))]
    return sky.taken(np.concatenate(rows))


def _halves(sky: Traces, *address: object) -> tuple[Traces, Traces]:
    """Deal the blocks of each part to two halves, at random."""
    random = addressed_random(*address, "halves")
    first = np.zeros(len(sky.part), bool)
    for part in range(PARTS):
        blocks = random.permutation(np.unique(sky.block[sky.part == part]))
        first |= np.isin(sky.block, blocks[: len(blocks) // 2])
    return sky.taken(first), sky.taken(~first)
