"""The classical restorers, by name; a test holds this list equal to the restorers that there are."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal[
    "degraded",
    "wiener",
    "unsupervised_wiener",
    "richardson_lucy",
    "total_variation",
    "richardson_lucy_tv",
    "scaled_gradient_projection",
    "starlet",
    "blind_richardson_lucy",
    "plug_and_play",
    "regularised_inverse",
    "non_local_means",
    "block_matching",
    "reconstruction",
]
CLASSICAL_METHODS: tuple[Method, ...] = get_args(Method)
USUAL_METHODS = CLASSICAL_METHODS[:5]
"""Those that a study has by default: the slower ones take longer, and are hardly ever better than the best of these."""
SLOWER_METHODS = CLASSICAL_METHODS[5:10]
METHODS_OF_SCANS: tuple[Method, ...] = ("degraded", *CLASSICAL_METHODS[10:])
"""Those for scanners, which a study has by default where one is its instrument."""
