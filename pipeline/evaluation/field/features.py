"""Fréchet, kernel and inception-style scores, on scattering and on a network of the training sky."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.field.finding import Finding
from pipeline.evaluation.field.frechet import Components, frechet_distance
from pipeline.evaluation.field.sky_network import SkyNetwork, inception_score
from pipeline.evaluation.field.split_ratio import distance_finding, ratio_finding
from pipeline.evaluation.field.stamps import Stamps
from pipeline.evaluation.kernel_distance import kernel_distance
from pipeline.evaluation.scattering import scattering

PART = "features"
LEAST = 1e-4
"""Scattering below this, in asinh of three sigmas, is rounding."""
ENOUGH = 64
"""Patches of the training sky without which its components are not told."""

Patches = NDArray[np.float32]
Floats = NDArray[np.float64]


def scattering_scores(
    real: list[Patches], synthetic: list[Patches], training: Patches, *address: object
) -> list[Finding]:
    """Fréchet (as a ratio) and kernel distance on logarithms of scattering coefficients, in the training's components.

    Parameters
    ----------
    real, synthetic : list of array, shape (n, C, 32, 32)
        Patches of each block.
    training : array, shape (N, C, 32, 32)
    """
    return _scores("scattering", real, synthetic, training, _scattered, address)


def network_scores(
    real: list[Patches], synthetic: list[Patches], training: Stamps, network: SkyNetwork, *address: object
) -> list[Finding]:
    """The same on the features of a network, and how far inception scores are apart, at equal numbers.

    Parameters
    ----------
    real, synthetic : list of array, shape (n, C, 32, 32)
        Stamps about the sources of each block.
    training : Stamps
    network : SkyNetwork
    """
    found = _scores("network", real, synthetic, training.pixels, network.features, address)
    one, other = ([network.kinds(some) for some in sky if len(some)] for sky in (real, synthetic))
    if min(len(one), len(other)) < 2:
        return found
    return [*found, ratio_finding(PART, "inception_network", "", one, other, _between_scores, *address)]


def _between_scores(some: Floats, others: Floats) -> float:
    return abs(inception_score(some) - inception_score(others))


def _scores(
    name: str, real: list[Patches], synthetic: list[Patches], training: Patches, describe: Callable[[Patches], Floats],
    address: tuple[object, ...],
) -> list[Finding]:  # fmt: skip
    if len(training) < ENOUGH:
        return []
    components = Components(describe(training))
    one, other = ([components.apply(describe(some)) for some in sky if len(some)] for sky in (real, synthetic))
    if min(len(one), len(other)) < 2:
        return []
    return [
        ratio_finding(PART, f"frechet_{name}", "", one, other, frechet_distance, *address),
        distance_finding(PART, f"kernel_{name}", "", one, other, kernel_distance, *address),
    ]


def _scattered(patches: Patches) -> Floats:
    return np.log(scattering(patches) + LEAST)
