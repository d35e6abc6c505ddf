"""Whether restored patches can be told from real ones: two-sample tests, beside real against real.

A classifier learns on some groups or blocks which patches are real, and judges those of others. Where both kinds have
one distribution it can only guess (Lopez-Paz and Oquab 2017, ICLR). It is scored by the area under the receiver
operating characteristic: the chance that of a real and a restored patch the real one looks more real to it. The kernel
distance learns nothing: it compares the two kinds as distributions of wavelet scattering coefficients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.evaluation import strong_classifier, weak_classifier
from pipeline.evaluation.kernel_distance import kernel_distance
from pipeline.evaluation.patches import Patches
from pipeline.evaluation.scattering import scattering
from pipeline.physics.noise import addressed_generator
from pipeline.splits import Item

PARTS = 3
"""Into so many parts the patches are dealt at most; each is judged by a classifier that learned on the others."""
FEWEST = 16
"""Patches that a part needs at least."""
REAL = "real"
"""In the place of a method's name: real patches against other real ones."""


class Judge(NamedTuple):
    """How patches are described, what is made of that, and over how many deals its value is a mean."""

    describe: Callable[[Patches], Any]
    compare: Callable[..., float]
    """Of (real, other, first, parts, address), descriptions of all patches, of which the first half stands for real."""
    deals: int
    """Over which a value is a mean; patches are dealt to halves anew in each."""
    nulls: int
    """Values of real against real, each a mean over as many deals as a method's one."""


class Verdict(NamedTuple):
    """What a judge made of a method, or in one of several rounds of ``real``."""

    method: str
    judge: str
    round: int
    value: float
    """Area under the curve of a classifier, or distance."""


def parts_of(items: Sequence[Item]) -> NDArray[np.intp]:
    """Deal patches to parts by their groups, or by their blocks where all are of one image.

    What each fold restored is in every part: its network leaves traces of its own, by which another's is not known.

    Parameters
    ----------
    items : sequence of Item
        The item of each patch.

    Returns
    -------
    array, shape (N,)
        The part of each patch: of three parts, or two where a fold has no more groups; empty where there are fewer, or
        too few patches to learn from.
    """
    blocks = len({item.image for item in items}) == 1
    units: dict[int, dict[str, None]] = {}
    for item in items:
        units.setdefault(item.fold, {})[item.item if blocks else item.group] = None
    count = min([PARTS, *map(len, units.values())])
    # In runs, so that few blocks have a neighbour in another part.
    part = {name: number * count // len(names) for names in units.values() for number, name in enumerate(names)}
    found = [part[item.item if blocks else item.group] for item in items]
    enough = count > 1 and min(Counter(found).values(), default=0) >= FEWEST
    return np.array(found if enough else [], np.intp)


def tell_apart(
    real: Patches, restored: dict[str, Callable[[], Patches]], parts: NDArray[np.intp], address: tuple[object, ...]
) -> Iterator[Verdict]:
    """Judge every method, then real against real.

    In each deal the patches of each part go to two halves. Real patches of one half stand against restored
    ones of the other, so no scene is seen on both sides; for the null the other half stays as it is.

    Parameters
    ----------
    real : array, shape (N, C, H, W)
    restored : dict of str to callable
        By method, gives what it made of the same places; one at a time is in memory.
    parts : array, shape (N,)
        See :func:`parts_of`.
    address : tuple
        Where the halves and what a classifier draws by itself lie.
    """
    truth = {name: judge.describe(real) for name, judge in JUDGES.items()}
    for method, patches in [*restored.items(), (REAL, lambda: real)]:
        made = patches()
        for name, judge in JUDGES.items():
            other = judge.describe(made)
            for number in range(judge.nulls if method == REAL else 1):
                places = [(*address, "discern", name, method, number, deal) for deal in range(judge.deals)]
                values = [judge.compare(truth[name], other, halves(parts, *p), parts, p) for p in places]
                yield Verdict(method, name, number, float(np.mean(values)))


def rounds(methods: int) -> int:
    """How many verdicts :func:`tell_apart` gives on a number of methods."""
    return sum(methods + judge.nulls for judge in JUDGES.values())


def area_under_curve(scores: NDArray[np.floating], real: NDArray[np.bool_]) -> float:
    """The chance that a real patch has a higher score than one that is not, ties counting half (Mann-Whitney U)."""
    high, low = scores[real], np.sort(scores[~real])
    below, to = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + to).sum() / (2 * len(high) * len(low)))


def halves(parts: NDArray[np.intp], *address: object) -> NDArray[np.bool_]:
    """Deal the patches of each part to two halves, at random."""
    generator = np.random.default_rng(addressed_generator(*address, "halves").initial_seed() % 2**63)
    first = np.zeros(len(parts), bool)
    for part in np.unique(parts):
        members = generator.permutation(np.flatnonzero(parts == part))
        first[members[: len(members) // 2]] = True
    return first


def _auc_over_parts(
    judge: Callable[..., NDArray[np.float64]],
    real: Any,
    other: Any,
    first: NDArray[np.bool_],
    parts: NDArray[np.intp],
    address: tuple[object, ...],
) -> float:
    mixed = other.clone() if isinstance(other, Tensor) else other.copy()
    mixed[first] = real[first]
    found = []
    for part in np.unique(parts):
        judged = parts == part
        scores = judge(mixed[~judged], first[~judged], mixed[judged], (*address, int(part)))
        found.append(area_under_curve(scores, first[judged]))
    return float(np.mean(found))


def _distance(
    real: NDArray[np.float64],
    other: NDArray[np.float64],
    first: NDArray[np.bool_],
    _parts: NDArray[np.intp],
    _address: tuple[object, ...],
) -> float:
    level, scatter = real.mean(0), np.maximum(real.std(0), 1e-9)
    return kernel_distance((real[first] - level) / scatter, (other[~first] - level) / scatter)


JUDGES = {
    "weak": Judge(weak_classifier.describe, partial(_auc_over_parts, weak_classifier.judge), 2, 40),
    "strong": Judge(strong_classifier.describe, partial(_auc_over_parts, strong_classifier.judge), 1, 2),
    "kernel": Judge(scattering, _distance, 4, 40),
}
