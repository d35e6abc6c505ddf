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
"""Into so many parts the patches are dealt; each is judged by a classifier that learned on the others."""
FEWEST = 16
"""Patches that a part needs at least."""
REAL = "real"
"""In the place of a method's name: real patches against other real ones."""


class Judge(NamedTuple):
    """How patches are described, what is made of that, and how often they are dealt anew."""

    describe: Callable[[Patches], Any]
    compare: Callable[..., float]
    """Of (real, other, first, parts, address), descriptions of all patches, of which the first half stands for real."""
    rounds: int
    """Of a method."""
    null_rounds: int
    """Of real against real."""


class Verdict(NamedTuple):
    """What a judge made of a method, or of ``real``, in one round."""

    method: str
    judge: str
    round: int
    value: float
    """Area under the curve of a classifier, or distance."""


def parts_of(items: Sequence[Item]) -> NDArray[np.intp]:
    """Deal patches to parts by their groups, or by their blocks where a fold holds fewer groups than there are parts.

    What each fold restored is in every part: its network leaves traces of its own, by which another's is not known.

    Parameters
    ----------
    items : sequence of Item
        The item of each patch.

    Returns
    -------
    array, shape (N,)
        The part of each patch; empty where there are fewer than two, or too few patches to learn from.
    """
    part: dict[str, int] = {}
    for fold in sorted({item.fold for item in items}):
        held_out = [item for item in items if item.fold == fold]
        groups = list(dict.fromkeys(item.group for item in held_out))
        unit = {item.item: item.group if len(groups) >= PARTS else item.item for item in held_out}
        units = list(dict.fromkeys(unit.values()))
        # In runs, so that few blocks have a neighbour in another part.
        number = {name: index * PARTS // len(units) for index, name in enumerate(units)}
        part |= {item: number[name] for item, name in unit.items()}
    sizes = Counter(part[item.item] for item in items)
    enough = len(sizes) > 1 and min(sizes.values()) >= FEWEST
    return np.array([part[item.item] for item in items] if enough else [], np.intp)


def tell_apart(
    real: Patches, restored: dict[str, Callable[[], Patches]], parts: NDArray[np.intp], address: tuple[object, ...]
) -> Iterator[Verdict]:
    """Judge every method, then real against real.

    In each round the patches of each part are dealt to two halves. Real patches of one half stand against restored
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
            for number in range(judge.null_rounds if method == REAL else judge.rounds):
                where = (*address, "discern", name, method, number)
                value = judge.compare(truth[name], other, halves(parts, *where), parts, where)
                yield Verdict(method, name, number, value)


def rounds(methods: int) -> int:
    """How many verdicts :func:`tell_apart` gives on a number of methods."""
    return sum(methods * judge.rounds + judge.null_rounds for judge in JUDGES.values())


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
    "weak": Judge(weak_classifier.describe, partial(_auc_over_parts, weak_classifier.judge), 4, 20),
    "strong": Judge(strong_classifier.describe, partial(_auc_over_parts, strong_classifier.judge), 1, 2),
    "kernel": Judge(scattering, _distance, 8, 40),
}
